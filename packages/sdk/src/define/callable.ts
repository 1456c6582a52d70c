/**
 * A record of a definition that is empty and can be called to fill it.
 *
 * `view.features` and `model.inputs` are data of a definition and steps of its builder chain at once: before the step is
 * taken the definition is complete already, and its record is empty. So the record is a function without properties
 * and without prototype: reading any name gives undefined, listing gives nothing, JSON is `{}`.
 */
export const emptyRecord = <F extends (given: never) => unknown>(fill: F): F => callableRecord({}, fill)

/** The same with something in it: a record that can be called for another one. */
export function callableRecord<R extends object, F extends (given: never) => unknown>(plain: R, call: F): R & F {
  const record = (given: never): unknown => call(given)
  for (const own of Reflect.ownKeys(record)) Reflect.deleteProperty(record, own)
  Object.setPrototypeOf(record, null)
  Object.assign(record, plain)
  Object.defineProperty(record, 'toJSON', { value: () => plain })
  Object.defineProperty(record, Symbol.for('nodejs.util.inspect.custom'), { value: () => plain })
  return Object.freeze(record) as unknown as R & F
}

/** A frozen definition with steps of the builder chain that listing, copying and JSON do not see. */
export function withSteps<D extends object, S extends object>(definition: D, steps: S): D & S {
  const hidden = Object.fromEntries(Object.entries(steps).map(([name, value]) => [name, { value }]))
  return Object.freeze(Object.defineProperties({ ...definition }, hidden)) as D & S
}
