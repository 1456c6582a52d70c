/** The views that are in the database already, as somebody wrote them long before; viewcast only reads them. */
export const views = `
  CREATE VIEW "vw_HumanVisit" AS
    SELECT "Key", "Seconds" / 60.0 AS "Minutes", "Clicks" FROM "Visit" WHERE NOT "IsBot";

  CREATE VIEW "vw_BehaviourFeatures" AS
    SELECT "Key", avg("Minutes") AS "AverageTimeSpent", sum("Clicks") AS "NumberOfClicks"
    FROM "vw_HumanVisit"
    GROUP BY "Key";

  CREATE VIEW "vw_ProfileFeatures" AS
    SELECT "Key", "Country" FROM "Customer";

  CREATE VIEW "vw_TargetFeatures" AS
    SELECT c."Key", o."Key" IS NOT NULL AS "Purchase" FROM "Customer" AS c LEFT JOIN "Order" AS o ON o."Key" = c."Key";

  CREATE VIEW "vw_TrainSample" AS
    SELECT DISTINCT "Key" FROM "vw_HumanVisit"`
