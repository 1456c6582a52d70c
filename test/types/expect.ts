/** True when two types are the same, `any` and optional marks included. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Does not compile unless the type is `true`. */
export type Expect<T extends true> = T
