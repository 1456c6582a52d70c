/** How generated files write names and texts of a database. */

export const written = '// Written by `viewcast types`. Do not edit: run it again after the database changes.'

/** Without an end of comment, on one line. */
export const docText = (text: string): string => text.replaceAll('*/', '* /').replace(/\s+/g, ' ').trim()

export const property = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

/** By code unit, the same on every machine. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
