-- Predictions of a challenger that a server scored beside the version it answered with: nobody was given them.

ALTER TABLE viewcast.prediction_batch ADD COLUMN is_shadow boolean NOT NULL DEFAULT false;

CREATE OR REPLACE VIEW viewcast.predictions WITH (security_invoker = true) AS
SELECT m.namespace AS project, m.name AS model, a.version, d.name AS deployment, p.key_text, p.key, p.as_of, p.question,
       p.request_id, p.outputs, p.predicted_at, l.label, l.value AS label_value, l.said_by AS label_said_by,
       b.execution_id AS run_id, p.id, p.batch_id, b.is_shadow
FROM viewcast.prediction p
JOIN viewcast.prediction_batch b ON b.id = p.batch_id
JOIN viewcast.artifact a ON a.id = b.artifact_id
JOIN viewcast.asset m ON m.id = a.asset_id
LEFT JOIN viewcast.asset d ON d.id = b.deployment_id
LEFT JOIN LATERAL (
  SELECT l.label, l.value, l.said_by FROM viewcast.prediction_label l
  WHERE (l.id, l.as_of) = (p.id, p.as_of) ORDER BY l.revision DESC LIMIT 1
) l ON true;
