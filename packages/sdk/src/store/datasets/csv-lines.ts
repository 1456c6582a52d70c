/** CSV after RFC 4180, of the server's texts. */

type Texts = readonly unknown[]

/** A header and a record per row, in pieces of a batch; `told` hears of the rows written. */
export async function* csvLines(
  names: readonly string[],
  batches: AsyncIterable<readonly Texts[]>,
  told: (rows: number) => void,
): AsyncGenerator<string> {
  yield record(names)
  let rows = 0
  for await (const batch of batches) {
    yield batch.map(record).join('')
    rows += batch.length
    told(rows)
  }
}

const record = (values: Texts): string => `${values.map(field).join(',')}\r\n`

/** NULL is nothing and '' is "", as COPY has it, which also takes a lone \. for the end. */
function field(value: unknown): string {
  if (value === null) return ''
  const text = String(value)
  return text === '' || text === '\\.' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
