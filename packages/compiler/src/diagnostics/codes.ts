/**
 * The registry of everything a user can cause: code → severity, sentence, hint.
 *
 * Codes are public API: renaming one is a breaking change. Messages name objects (views, columns, files), never row
 * values and never secrets. Each code has a page in `docs/errors/` and a test that produces it.
 *
 * Long because it is one list, read by looking a code up; a part that grows has a file beside it, `…-codes.ts`.
 */
import { type CodeEntry, entry, near } from './code-entry.ts'
import { deployCodes } from './deploy-codes.ts'
import { eventCodes } from './event-codes.ts'
import { importCodes } from './import-codes.ts'
import { logCodes } from './log-codes.ts'
import { refreshCodes } from './refresh-codes.ts'
import { registryCodes } from './registry-codes.ts'
import { runCodes } from './run-codes.ts'
import { searchCodes } from './search-codes.ts'
import { serveCodes } from './serve-codes.ts'

export const codes = {
  ...deployCodes,
  ...eventCodes,
  ...importCodes,
  ...logCodes,
  ...refreshCodes,
  ...registryCodes,
  ...runCodes,
  ...searchCodes,
  ...serveCodes,
  'define/name': entry(
    (p) => `A ${p.kind} cannot be named "${p.name}": ${p.detail}`,
    () => 'Write a short name of your own; it becomes the name of a relation in the generated SQL.',
  ),
  'define/option': entry(
    (p) => `${p.option} of ${p.what} ${p.detail}`,
    (p) => p.hint,
  ),
  'sql/syntax': entry(
    (p) => `${p.view} does not parse: ${p.detail}`,
    (p) => p.hint ?? 'The text is parsed with PostgreSQL 18 grammar; try the statement in psql.',
  ),
  'sql/several-statements': entry(
    (p) => `${p.view} holds ${p.count} statements; a view is one SELECT`,
    () => 'Keep one SELECT (or WITH … SELECT) per file.',
  ),
  'sql/not-a-select': entry(
    (p) => `${p.view} is not a SELECT that only reads${p.detail === undefined ? '' : `: ${p.detail}`}`,
    (p) => p.hint ?? 'A view is one SELECT, or WITH … SELECT; nothing that writes or locks.',
  ),
  'sql/parameter': entry(
    (p) => `${p.view} reads the parameter ${p.parameter}, and a view has none`,
    () => 'Write the value, or read it from spine.',
  ),
  'sql/volatile': entry(
    (p) => `${p.view} calls ${p.function}, whose value changes from call to call`,
    (p) => p.hint ?? 'Use spine.as_of for the present, and a hash of the key for sampling.',
    'warning',
  ),
  'sql/clock': entry(
    (p) => `${p.view} reads the clock through ${p.function}, so it cannot be asked for another instant`,
    () => 'Use spine.as_of instead.',
    'warning',
  ),
  'sql/time-zone': entry(
    (p) => `${p.view} depends on the session's time zone: ${p.what}`,
    (p) => `Say the zone: ${p.instead}.`,
    'warning',
  ),
  'sql/session': entry(
    (p) => `${p.view} reads the session through ${p.what}, so it answers each client differently`,
    (p) => p.hint ?? 'Make it a column of the sample, or of a request view.',
    'warning',
  ),
  'view/materialised': entry(
    (p) => `The definition of the materialised view ${p.relation} is inlined: its stored rows are not read`,
    () => "Fine where they are only a cache. To read them as they are, give the dataset materialised: 'read'.",
    'warning',
  ),
  'view/duplicate-column': entry(
    (p) => `${p.view} returns more than one column named "${p.column}"`,
    () => 'Give one of them another name with AS, or list the columns instead of *.',
  ),
  'view/unknown-relation': entry(
    (p) => `${p.view} reads "${p.relation}", which is not in the database`,
    (p) => p.hint ?? near(p),
  ),
  'view/unknown-column': entry((p) => `${p.view} has no column "${p.column}"`, near),
  'view/missing-key': entry(
    (p) => `${p.view} does not return key column "${p.column}" of entity "${p.entity}"`,
    (p) => near(p) ?? 'Select the key under the name the entity declares.',
  ),
  'view/missing-as-of': entry(
    (p) => `${p.view} is a window view and must return as_of`,
    () => 'Select spine.as_of and group by it.',
  ),
  'view/missing-time': entry((p) => `${p.view} does not return its time column "${p.column}"`, near),
  'view/aggregate-type': entry(
    (p) => `${p.view}, aggregate "${p.aggregate}": ${p.function} cannot take "${p.column}", which is ${p.type}`,
    (p) => p.hint,
  ),
  'view/filter-value': entry(
    (p) =>
      `${p.view}, aggregate "${p.aggregate}": the filter on "${p.column}", which is ${p.type}, compares it with ${p.given}`,
    (p) => p.hint,
  ),
  'view/needs-spine': entry(
    (p) => `${p.view} is declared as a window view but does not read "spine"`,
    () => 'Select from spine, or declare it as a static feature view.',
  ),
  'view/cycle': entry((p) => `Views refer to each other in a circle: ${p.path}`),
  'view/database-error': entry(
    (p) => `The database refuses ${p.view}: ${p.detail}`,
    (p) => near(p) ?? p.hint,
  ),
  'view/failed': entry(
    (p) => {
      if (p.view === undefined) return `The database stopped the query of ${p.query}: ${p.detail}; ${p.why}`
      const column = p.columns === undefined ? '' : `, column ${p.columns},`
      const through = p.through === undefined ? '' : `; view "${p.through}", which it reads, fails alone too`
      return `${p.view}${column} failed on the data: ${p.detail}${through}`
    },
    (p) => p.hint,
  ),
  'view/duplicate-keys': entry(
    (p) => `${p.view} returns more than one row for the same ${p.keys}; one of them is taken`,
    () => 'One row per key is needed; group by the key, or declare a history view with a time column.',
    'warning',
  ),
  'time/needs-as-of': entry(
    (p) => `${p.view} needs an instant, but sample "${p.sample}" has no as_of column`,
    () => 'Return the instant of each question as as_of (timestamptz) from the sample.',
  ),
  'time/type': entry(
    (p) => `${p.view}.${p.column} is ${p.type}; instants are compared as ${p.expected}`,
    () => "Cast with AT TIME ZONE 'UTC' so that the session time zone does not matter.",
  ),
  'time/window': entry(
    (p) => `"${p.window}" is not a window of fixed length`,
    () => 'Write minutes, hours, days or weeks (a day is 24 hours), such as "7 days".',
  ),
  'time/instant': entry(
    (p) => `"${p.value}" is not an instant`,
    () => 'Write ISO 8601 with a zone, such as 2001-02-01T12:00Z.',
  ),
  'time/horizon': entry(
    (p) =>
      `Target "${p.target}" is known ${p.horizon} after as_of, but the split leaves training rows whose outcome reaches into the test period`,
    () => 'Take purge: false away, or give the split a gap as long as the horizon.',
    'warning',
  ),
  'time/known-until': entry(
    (p) =>
      `Nothing says until when outcomes of target "${p.target}" are known; the latest rows may be taken for ones where nothing happened`,
    () => "Declare knownUntil: an instant or { source, column }; or censored: 'keep'.",
    'warning',
  ),
  'form/no-index': entry(
    (p) =>
      `View "${p.view}" cannot be joined with LATERAL: no index leads with ${p.columns}, so each question would read the whole table`,
    (p) => `Create the index: ${p.create}`,
  ),
  'form/unsupported': entry(
    (p) => `View "${p.view}" has no form "${p.form}": ${p.why}`,
    (p) => `It can be ${p.possible}.`,
  ),
  'form/unknown-view': entry(
    (p) => `A form is asked for "${p.view}", which is no view of dataset "${p.dataset}"`,
    near,
  ),
  'dataset/duplicate-column': entry(
    (p) => `Dataset "${p.dataset}" would have two columns named "${p.column}" (${p.first} and ${p.second})`,
    () => "Rename one with .prefix('…') or leave it out with .pick(…).",
  ),
  'dataset/key-not-in-sample': entry(
    (p) => `${p.view} is joined on "${p.column}", which sample "${p.sample}" does not return`,
    (p) => near(p) ?? 'Map the key with .on({ key: "column" }).',
  ),
  'dataset/request-column': entry(
    (p) => `${p.view} is asked with "${p.column}", which sample "${p.sample}" does not return`,
    (p) => near(p) ?? 'In training the sample brings what the question brings in prediction; return the column.',
  ),
  'dataset/key-type': entry(
    (p) => `${p.view} has "${p.column}" as ${p.type}, but ${p.other} has ${p.otherColumn} as ${p.otherType}`,
    (p) => `Use one type; in ${p.view}: ${p.cast}.`,
  ),
  'dataset/unknown-version': entry(
    (p) =>
      p['selector'] === undefined
        ? `The store has no dataset "${p.dataset}"`
        : `Dataset "${p.dataset}" has no version ${p['selector']}${p['known'] === undefined ? '' : `; it has ${p['known']}`}`,
    (p) => near(p) ?? 'viewcast datasets ls names those there are.',
  ),
  'dataset/copy': entry(
    (p) => `No copy of dataset "${p.dataset}": ${p.detail}`,
    (p) => p.hint,
  ),
  'model/unknown-input': entry((p) => `Model "${p.model}" uses "${p.input}", which its dataset lacks`, near),
  'model/unknown-label': entry((p) => `Model "${p.model}" predicts "${p.label}", which its dataset lacks`, near),
  'model/label-as-input': entry((p) => `Model "${p.model}" uses its own label "${p.label}" as an input`),
  'model/input-type': entry(
    (p) => `Input "${p.input}" is ${p.type}, which ${p.encoder} cannot read`,
    (p) => p.hint,
  ),
  'model/label-type': entry(
    (p) => `Label "${p.label}" is ${p.type}; ${p.family} needs ${p.expected}`,
    () => 'Cast the label in the target view.',
  ),
  'model/record': entry(
    (p) => `${p.file} is not a model record: ${p.detail}`,
    () => 'Train again, or restore the file.',
  ),
  'model/not-trained': entry(
    (p) => `Model "${p.model}" has no trained version${p.version === undefined ? '' : ` ${p.version}`}`,
    (p) => (p.versions === undefined ? `Run: viewcast train ${p.model}` : `There are: ${p.versions}.`),
  ),
  'model/stale': entry(
    (p) => `Model "${p.model}" was trained on input "${p.input}", which its declaration no longer has`,
    (p) => `Run: viewcast train ${p.model}`,
  ),
  'model/import': entry(
    (p) => `${p.file} cannot be imported: ${p.detail}`,
    (p) => p.hint,
  ),
  'model/import-input': entry(
    (p) => `The model in ${p.file} reads "${p.input}", which dataset "${p.dataset}" lacks`,
    (p) => near(p) ?? 'Say which column it is: --column name=column.',
  ),
  'model/export': entry(
    (p) => `Model "${p.model}" cannot be written as ${p.format}: ${p.what}`,
    () => 'Leave it out of the model, or take the SQL or the JavaScript scorer, which say everything.',
  ),
  'model/import-parity': entry(
    (p) => `${p.count} of ${p.rows} rows are scored otherwise than by ${p.source}: ${p.detail}`,
    (p) => p.hint,
  ),
  'model/scorecard': entry(
    (p) => `The scorecard of model "${p.model}" cannot have whole points: ${p.inputs} is not 0 or 1 when encoded`,
    () => 'Encode it with bins() or oneHot(), or write rounded: false.',
  ),
  'model/output': entry(
    (p) => `Model "${p.model}" cannot give the output ${p.output}: ${p.reason}`,
    (p) => p.hint ?? 'Leave it out, or choose another: see docs/guide/12-outputs.md.',
  ),
  'train/no-rows': entry(
    (p) => `The training query of "${p.dataset}" returns no ${p.part} rows`,
    (p) => p.hint ?? 'Look at the sample: viewcast show <sample>.',
  ),
  'train/one-class': entry(
    (p) => `Label "${p.label}" has one class only in ${p.rows} training rows`,
    () => 'A classifier needs both outcomes; widen the sample or check the target view.',
  ),
  'train/label-values': entry(
    (p) => `Label "${p.label}" holds values other than ${p.expected ?? '0 and 1'}`,
    (p) =>
      p.expected === undefined
        ? 'Return boolean, or 0 and 1, from the target view.'
        : 'Leave those rows out of the sample, or choose another family.',
  ),
  'train/null-label': entry(
    (p) => `Label "${p.label}" is NULL in ${p.rows} of ${p.total} rows; they are left out`,
    () => 'Check that the target has a row for each sample row.',
    'warning',
  ),
  'train/all-null': entry(
    (p) => `Input "${p.input}" is NULL in every training row`,
    (p) => `Check the view behind it: viewcast show ${p.view ?? '<view>'}; or remove the input.`,
  ),
  'train/constant': entry(
    (p) => `Input "${p.input}" has a single value in the training rows`,
    () => 'It cannot carry information; remove it.',
    'warning',
  ),
  'train/collinear': entry(
    (p) => `Columns ${p.columns} are linearly dependent: any one of them follows from the others`,
    () =>
      'Remove one of them, set a penalty (ridge), or train with --exact where they only nearly depend, as powers of a number do.',
  ),
  'train/ill-conditioned': entry(
    (p) =>
      `Columns nearly depend on each other (condition ${p.condition}): about ${p.digits} digits of the coefficients are right`,
    () => 'Train with --exact, which rounds once, at the end; or remove columns, or set a penalty.',
    'warning',
  ),
  'train/separation': entry(
    (p) =>
      `The ${p.classes === undefined ? 'labels' : `classes ${p.classes}`} are separated perfectly by ${p.columns}; coefficients would grow without end`,
    () => 'Check for a column that gives the label away, or set a penalty (ridge).',
  ),
  'train/not-converged': entry(
    (p) => `${p.solver} did not converge in ${p.iterations} iterations`,
    (p) => p.hint ?? 'Standardise the inputs, or set a penalty (ridge).',
  ),
  'train/many-estimates': entry(
    (p) => `${p.scores} scores of ${p.columns} columns each are more than ${p.limit} coefficients`,
    () => 'Group rare classes or levels in the view, or read fewer inputs.',
  ),
  'train/no-start': entry(
    (p) => `No coefficients to start from give every row a mean that ${p.family} with the link ${p.link} can have`,
    () => 'Use the link "log", which takes any linear predictor; or check the offset.',
  ),
  'train/not-finite': entry(
    (p) => `"${p.input}" holds infinities`,
    () => 'Remove or clip them in the view.',
  ),
  'train/not-positive': entry(
    (p) => `"${p.input}" has values that are not above 0, which Box-Cox needs`,
    () => 'Use yeoJohnson(), which takes every number, or clip the values: boxCox({ clip: [0.01, 1000] }).',
  ),
  'train/many-levels': entry(
    (p) => `Input "${p.input}" has more than ${p.limit} different values`,
    () => 'It looks like a key, not a category: remove the input, or group its values in the view.',
  ),
  'train/rare-levels': entry(
    (p) => `Input "${p.input}" has no value beside its base in at least ${p.count} training rows; it gives no column`,
    () => 'Lower minCount, group its values in the view, or remove the input.',
    'warning',
  ),
  'train/weight': entry(
    (p) => `Weight "${p.column}" is NULL, negative or not finite in ${p.rows} rows`,
    () => 'Return a number from 0 from the sample, for each row.',
  ),
  'train/unsupported': entry(
    (p) => `Solver "${p.solver}" cannot ${p.what}`,
    (p) => `Use the solver "${p.instead}".`,
  ),
  'train/calibration': entry(
    (p) => `The calibration cannot be learned: the ${p.rows} rows it is learned from have one label only`,
    () => 'Widen the validation part, or leave calibrate out.',
  ),
  'train/calibration-falls': entry(
    () => 'Higher scores are not more often true on the rows the calibration is learned from',
    () => 'The model says nothing about rows it was not fitted on; look at its metrics before the curve.',
    'warning',
  ),
  'train/folds': entry(
    (p) => `Fold ${p.fold} of ${p.folds} of the training rows ${p.detail}`,
    () => 'Use fewer folds, or widen the sample: rows of an entity are always in one fold.',
  ),
  'train/not-in-database': entry(
    (p) => `Aggregates cannot fit ${p.what}, and training in the database reads no rows`,
    () => 'Train with --where process, which reads the rows.',
  ),
  'train/partition': entry(
    (p) => `Partition "${p.partition}" ${p.problem}`,
    (p) => p.hint ?? 'Look at the partitions there are: they are in the sums kept beside the model.',
  ),
  'train/refit': entry(
    (p) => `Model "${p.model}" cannot be fitted again from sums: ${p.cause}`,
    () => 'Train it on all rows: viewcast train.',
  ),
  'train/refit-unseen': entry(
    (p) => `${p.rows} rows of the added partitions have ${p.what} of input "${p.input}" that the encoders do not know`,
    () => 'They are encoded as unseen ones; train on all rows to learn them.',
    'warning',
  ),
  'train/not-grouped': entry(
    (p) => `Groups of equal rows cannot stand for the rows: ${p.what} needs them one by one`,
    () => 'Train with --group-rows auto or never.',
  ),
  'train/too-large': entry(
    (p) => `Solver "${p.solver}" takes ${p.limit} numbers at most; ${p.rows} rows × ${p.columns} columns are more`,
    () => 'Use the solver "irls", which reads rows in blocks.',
  ),
  'train/spool': entry(
    (p) => `The training rows cannot be kept in ${p.directory}: ${p.detail}`,
    () => 'Free space there, name another directory with TMPDIR, or raise memoryBudgetBytes.',
  ),
  'train/class-weights': entry(
    (p) => `Class weights of label "${p.label}" name ${p.class}, which no training row has`,
    (p) => `Labels are ${p.classes}.`,
  ),
  'train/threshold-rows': entry(
    (p) => `The threshold of "${p.model}" was chosen on the rows it was fitted on`,
    () => 'Give the split a validation part: the threshold is then chosen on rows the model has not seen.',
    'warning',
  ),
  'select/folds': entry(
    (p) => `The folds of ${p.what} cannot be made: ${p.detail}`,
    () => 'Use fewer folds or a shorter gap, or widen the sample.',
  ),
  'select/candidates': entry(
    (p) => `Selection "${p.selection}" ${p.detail}`,
    (p) => p.hint ?? 'Search at random: search: random(100).',
  ),
  'select/no-result': entry(
    (p) => `No candidate of selection "${p.selection}" could be measured on every fold; ${p.candidate}: ${p.detail}`,
    () => 'Set a penalty, or use fewer folds, so that every fold has enough rows of every kind.',
  ),
  'engine/unreachable': entry(
    (p) => `No database answers at ${p.target}: ${p.detail}`,
    () => 'Check host, port and that the server runs; "viewcast doctor" tests the connection.',
  ),
  'engine/authentication': entry(
    (p) => `The server at ${p.target} refuses the login of "${p.user}"`,
    () => 'Check user and password of the connection.',
  ),
  'engine/no-database': entry(
    (p) => `The server at ${p.target} has no database "${p.database}"`,
    () => 'Create it, or name another in the connection.',
  ),
  'engine/pooler': entry(
    (p) => `The pooler at ${p.target} ${p.detail}`,
    (p) => p.hint,
  ),
  'engine/read-only': entry(
    (p) => `The database at ${p.target} can only be read: ${p.detail}`,
    (p) => p.hint,
  ),
  'engine/version': entry(
    (p) => `The server is PostgreSQL ${p.version}; viewcast needs 15 or later`,
    () => 'Upgrade, or use the embedded engine.',
  ),
  'engine/locked': entry(
    (p) => `The embedded database ${p.directory} is in use by process ${p.pid}`,
    (p) => p.hint ?? 'Wait for it or stop it; two processes on one directory would lose data.',
  ),
  'engine/inside-transaction': entry(
    () => 'The database was used inside its own transaction',
    () => 'Use the handle the transaction gives: transaction((tx) => tx.rows(…)).',
  ),
  'engine/open-transaction': entry(
    () => 'A statement began a transaction and left it open; it was rolled back',
    () => 'Use transaction((tx) => …): sessions are shared between statements.',
  ),
  'engine/target': entry(
    (p) => `"${p.target}" is not a database: ${p.detail}`,
    () => 'Write postgres://user@host:port/name, or a directory for the embedded engine.',
  ),
  'engine/interrupted': entry((p) => `${p.what} was interrupted; nothing of it was kept`),
  'engine/failed': entry(
    (p) => `The database reports: ${p.detail}`,
    (p) => p.hint,
  ),
  'engine/load': entry(
    (p) => `Loading ${p.table} failed: ${p.detail}; nothing of it was kept`,
    (p) => p.hint,
  ),
  'compile/too-deep': entry(
    (p) => `The expression is ${p.depth} levels deep; the limit is ${p.limit}`,
    () => 'Use fewer inputs, or report this with the model.',
  ),
  'compile/too-large': entry(
    (p) => `The prediction query of "${p.model}" has ${p.size}; the limit is ${p.limit}`,
    (p) => p.hint,
  ),
  'compile/identifier': entry((p) => `"${p.name}" cannot be an identifier: ${p.detail}`),
  'compile/literal': entry((p) =>
    p.key === undefined
      ? `A value of type ${p.type} cannot be written as a literal: ${p.detail}`
      : `The value of key "${p.key}" is no ${p.type}: ${p.detail}`,
  ),
  'compile/keys': entry(
    (p) => `${p.problem} "${p.column}" in the keys to predict for`,
    (p) => near(p) ?? `Each key needs ${p.needed}.`,
  ),
  'compile/challenger': entry(
    (p) => `Model "${p['challenger']}" cannot be scored beside "${p['champion']}": ${p.reason}`,
    () => 'A challenger answers the questions of the champion: give its sample the same keys and the columns it needs.',
  ),
  'compile/no-anchor': entry(
    (p) =>
      p.columns === undefined
        ? `Entity "${p.entity}" does not say which relation lists it, so there is nothing to predict for`
        : p.relation === undefined
          ? `A question must bring ${p.columns}, so there is nothing to predict for "${p.entity}" without keys`
          : `Relation "${p.relation}", which lists entity "${p.entity}", has no column ${p.columns}, so there is nothing to predict for`,
    (p) =>
      p.hint ??
      (p.columns === undefined
        ? `Declare it: entity('${p.entity}', { … }, { from: 'table' }), or pass keys.`
        : `Pass keys with ${p.columns}: { keys: [{ … }] }, or --keys.`),
  ),
  'compile/needs-instant': entry(
    (p) =>
      `The query of "${p.model}" has to say which instant it asks about: the machines of a cluster have a clock each`,
    () => "Pass --at (or at: '2001-02-01T12:00Z'); a view or a function may read the clock once.",
  ),
  'compile/distributed': entry(
    (p) => `${p.view} ${p.problem}`,
    (p) => p.hint,
    'warning',
  ),
  'project/not-found': entry(
    (p) => `No viewcast.config.ts in ${p.directory} or above`,
    () => 'Run: viewcast init, or pass --config.',
  ),
  'project/load': entry((p) => `${p.file} cannot be loaded: ${p.detail}`),
  'project/unknown-name': entry(
    (p) => `Nothing is named "${p.name}"`,
    (p) => near(p) ?? 'List the names with: viewcast ls',
  ),
  'project/wrong-kind': entry(
    (p) => `"${p.name}" is ${p.kind === 'entity' ? 'an' : 'a'} ${p.kind}; this needs a ${p.expected}`,
    () => 'List the names with: viewcast ls',
  ),
  'project/duplicate-name': entry((p) => `Two definitions are named "${p.name}"`),
  'project/no-file': entry((p) => `${p.view} names ${p.file}, which cannot be read: ${p.detail}`),
  'project/no-environment': entry(
    (p) => `The configuration has no environment "${p['environment']}" (${p['origin']})`,
    (p) => near(p) ?? (p['known'] ? `It has: ${p['known']}.` : 'Declare it: environments: { staging: { schema: … } }.'),
  ),
  'project/variable': entry(
    (p) => `The database is named by the environment variable ${p['variable']}, which is not set (${p['origin']})`,
    () => 'Set it, or pass --database.',
  ),
  'store/absent': entry(
    (p) => `${p.database} has no store`,
    () => 'Run: viewcast store migrate',
  ),
  'store/off': entry(
    (p) => `The configuration says store: false (${p['origin']})`,
    () => 'Remove it, or use another configuration: viewcast --config.',
  ),
  'catalog/unknown': entry(
    (p) => `The catalog has nothing named "${p.name}"`,
    (p) =>
      near(p) ?? 'Look for it with: viewcast catalog search; or bring the catalog up to date: viewcast catalog sync',
  ),
  'catalog/ambiguous': entry(
    (p) => `"${p.name}" is several things: ${p['candidates']}`,
    () => 'Write one of these names whole.',
  ),
  'catalog/unknown-column': entry(
    (p) => `${p['asset']} has no column "${p['column']}"`,
    (p) => near(p) ?? `See its columns with: viewcast catalog show ${p['asset']}`,
  ),
  'catalog/edit': entry(
    (p) => `${p['field']} of ${p['asset']} ${p['detail']}`,
    (p) => p.hint,
  ),
  'store/older': entry(
    (p) => `The store is at version ${p['applied']}, and this viewcast needs version ${p['known']}`,
    () => 'Run: viewcast store migrate. Earlier versions of viewcast refuse to write to it afterwards.',
  ),
  'store/newer': entry(
    (p) => `The store is at version ${p['applied']}, and this viewcast knows version ${p['known']} only`,
    () => 'Update viewcast.',
  ),
  'store/changed': entry(
    (p) => `Migration ${p['migration']} of the store was applied with another text than this viewcast has for it`,
    () => 'The store was made by an unreleased or altered viewcast; use that one, or a fresh database.',
  ),
  'store/forbidden': entry(
    (p) =>
      p['role'] === undefined
        ? `The role may not create the schema viewcast in ${p.database}`
        : `Role "${p['role']}" may not ${p['what']} the store in ${p.database}`,
    (p) =>
      p['role'] === undefined
        ? 'Let a role that may run: viewcast store migrate, then: viewcast store grant <role> --append'
        : p['session'] === 'reads'
          ? 'The session may only read: connect to the primary, without default_transaction_read_only.'
          : p['owner'] !== undefined
            ? `Run it as "${p['owner']}", which owns it, or: ${p['statement']}`
            : `Let its owner run: viewcast store grant ${p['role']} ${p['what'] === 'read' ? '--read, or --append' : '--append'}`,
  ),
  'store/incomplete': entry(
    (p) => `The run of "${p['model']}" is kept without its ${p['part']}: ${p.detail}`,
    () => 'Mend what is named, then run: viewcast catalog sync',
    'warning',
  ),
  'store/role': entry(
    (p) => `Access to the store cannot be granted: ${p.detail}`,
    () => 'Name a role of this server, as the owner of the schema viewcast.',
  ),
  'cli/exists': entry(
    (p) => `${p['files']} would be overwritten`,
    () => 'Pass --force to overwrite, or name another directory.',
  ),
  'cli/file': entry(
    (p) => `${p['file']} cannot be written: ${p['detail']}`,
    () => 'Check that its folder exists and may be written.',
  ),
  'cli/usage': entry(
    (p) => p.detail ?? 'wrong usage',
    (p) => p.hint,
  ),
} as const satisfies Record<string, CodeEntry>

export type Code = keyof typeof codes
