/** The same members, written out: what hovers, messages and emitted declarations show instead of how it was made. */
export type Flat<T> = { [C in keyof T]: T[C] } & {}
