// Written by `viewcast types`. Do not edit: run it again after the database changes.
/** numeric: arrives as a string, because a number would lose digits; may be written and compared as any of these. */
export type Numeric = string | number | bigint

export interface SqlFiles {
  /** One question per month for every customer there was at that time. */
  "views/questions.sql": {
    as_of: Date
    customer_id: number
  }
  /** Days since the last order and since the sign-up, as of each question. Events count only strictly before as_of: what happens at that instant is not known yet. */
  "views/recency.sql": {
    as_of: Date | null
    customer_id: number | null
    days_since_order: Numeric | null
    days_since_signup: Numeric | null
  }
}
