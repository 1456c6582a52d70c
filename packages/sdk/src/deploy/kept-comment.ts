const mark = 'viewcast:'

/**
 * The comment of a new version on an object that has one: ours in its first line, by which it is known to be ours, and below
 * it whatever somebody wrote.
 */
export function keptComment(ours: string, present: string | null | undefined): string {
  // What is put back as it was is whole already.
  if (present === ours) return ours
  const theirs = present?.startsWith(mark) ? present.replace(/^[^\r\n]*[\r\n]*/, '') : (present ?? '')
  return theirs === '' ? ours : `${ours}\n\n${theirs}`
}
