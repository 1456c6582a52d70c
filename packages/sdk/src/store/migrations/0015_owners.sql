-- Who deployed what, once it was put aside or taken away: an object's name may be another one's by then.
--
-- deployment says it of what is live alone. A version belongs to whoever made it live, an object that was put aside to whoever
-- it was put aside for; and the grants that viewcast made are those of the object, which goes and comes back with them.

ALTER TABLE viewcast.deployment_change ADD COLUMN project text, ADD COLUMN environment text,
  -- Whether its project declared it then.
  ADD COLUMN is_declared boolean;
UPDATE viewcast.deployment_change c SET project = d.project, environment = d.environment, is_declared = d.is_declared
FROM viewcast.deployment d WHERE d.asset_id = c.asset_id;
ALTER TABLE viewcast.deployment_change
  ALTER COLUMN project SET NOT NULL, ALTER COLUMN environment SET NOT NULL, ALTER COLUMN is_declared SET NOT NULL;

ALTER TABLE viewcast.deployment_kept ADD COLUMN project text, ADD COLUMN environment text,
  -- Roles whose grant on it is viewcast's; null for what was put aside before that was written down.
  ADD COLUMN granted text[];
UPDATE viewcast.deployment_kept k SET project = d.project, environment = d.environment
FROM viewcast.artifact a JOIN viewcast.deployment d ON d.asset_id = a.asset_id WHERE a.id = k.artifact_id;
ALTER TABLE viewcast.deployment_kept ALTER COLUMN project SET NOT NULL, ALTER COLUMN environment SET NOT NULL;
CREATE INDEX ON viewcast.deployment_kept (project, environment) WHERE until IS NULL;
