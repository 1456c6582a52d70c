import { describe, expect, it } from 'vitest'
import { memoryIo } from '../testing/memory-io.ts'
import { csvRecord } from './csv.ts'
import { diffLines } from './diff.ts'
import { colored, plainColors } from './palette.ts'
import { createProgress, timeLeft } from './progress.ts'
import { type RowFormat, writeRows } from './rows.ts'
import { renderTable } from './table.ts'
import { renderTree } from './tree.ts'
import { truncate, width } from './width.ts'

describe('tables', () => {
  it('aligns numbers to the right and everything else to the left', () => {
    const columns = [{ name: 'name', type: 'text' }, { name: 'n', type: 'int8' }, { name: 'note' }]
    const rows = [
      ['Zürich', '12345', 'a'],
      ['東京', '7', null],
    ]
    expect(renderTable(columns, rows)).toBe('name        n  note\nZürich  12345  a\n東京        7  NULL\n')
  })

  it('cuts cells on a terminal only', () => {
    const rows = [['x'.repeat(50), 'y'.repeat(50), 1]]
    const columns = [{ name: 'a' }, { name: 'b' }, { name: 'c', type: 'int4' }]
    const narrow = renderTable(columns, rows, { columns: 40 }).split('\n')
    expect(narrow.every((line) => width(line) <= 40)).toBe(true)
    expect(narrow[1]).toContain('…')
    expect(renderTable(columns, rows)).toContain('y'.repeat(50))
  })

  it('writes rows one below the other where not even the headers fit', async () => {
    const columns = ['customer_id', 'days_since_order', 'note'].map((name) => ({ name }))
    async function* rows() {
      yield [[1, 2.5, null]]
      yield [[2, 3, 'x'.repeat(40)]]
    }
    const out: string[] = []
    const write = async (text: string) => out.push(text) > 0
    await writeRows(rows(), { columns, format: 'table', width: 30, colors: plainColors, write })
    expect(out.join('')).toBe(
      [
        'row 1\n  customer_id       1\n  days_since_order  2.5\n  note              NULL',
        'row 2\n  customer_id       2\n  days_since_order  3\n  note              xxxxxxxxx…\n',
      ].join('\n'),
    )
  })

  it('does not let data move the cursor or break a line', () => {
    const text = renderTable([{ name: 'a' }], [['x\u001b[31my\nz\u009b']])
    expect(text).toBe('a\nx\\x1b[31my\\nz\\x9b\n')
  })

  it('pads by what is seen, not by colour codes', () => {
    const lines = renderTable(
      [{ name: 'a' }, { name: 'b' }],
      [
        [null, 'x'],
        ['longer', 'y'],
      ],
      { colors: colored },
    )
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are what is removed
    expect(lines.replace(/\u001b\[\d+m/g, '')).toBe('a       b\nNULL    x\nlonger  y\n')
  })
})

it('measures wide and combining characters', () => {
  expect([width('abc'), width('東京'), width('e\u0301'), width('👍')]).toEqual([3, 4, 1, 2])
  expect(truncate('東京都', 5)).toBe('東京…')
  expect(truncate('abc', 3)).toBe('abc')
})

it('writes CSV after RFC 4180, with NULL and the empty string apart', () => {
  expect(csvRecord(['a', 'b,c', 'say "hi"', 'x\ny', '', null, 1.5, true])).toBe(
    'a,"b,c","say ""hi""","x\ny","",,1.5,true\r\n',
  )
  expect(csvRecord([new Uint8Array([1, 255]), { a: 1 }, ' padded', Number.NaN, -0])).toBe(
    '\\x01ff,"{""a"":1}"," padded",NaN,-0\r\n',
  )
})

describe('rows as they arrive', () => {
  const columns = [
    { name: 'id', type: 'int4' },
    { name: 'name', type: 'text' },
  ]
  async function* batches() {
    yield [[1, 'a']]
    yield []
    yield [
      [2, null],
      [3, 'c'],
    ]
  }
  const written = async (format: RowFormat, rows = batches(), limit = Number.POSITIVE_INFINITY) => {
    const out: string[] = []
    const write = async (text: string) => out.push(text) < limit
    const count = await writeRows(rows, { columns, format, colors: plainColors, write })
    return { count, text: out.join('') }
  }

  it.each([
    ['csv', 'id,name\r\n1,a\r\n2,\r\n3,c\r\n'],
    ['ndjson', '{"id":1,"name":"a"}\n{"id":2,"name":null}\n{"id":3,"name":"c"}\n'],
    ['table', 'id  name\n 1  a\n 2  NULL\n 3  c\n'],
  ] as const)('%s', async (format, text) => {
    expect(await written(format)).toEqual({ count: 3, text })
  })

  it('json is one array, also of nothing', async () => {
    expect(JSON.parse((await written('json')).text)).toHaveLength(3)
    async function* none(): AsyncGenerator<unknown[][]> {}
    expect((await written('json', none() as never)).text).toBe('[]\n')
    expect((await written('table', none() as never)).text).toBe('id  name\n')
  })

  it.each(['csv', 'ndjson', 'json', 'table'] as const)(
    'stops reading when the reader of %s is gone',
    async (format) => {
      let read = 0
      async function* endless() {
        for (;;) {
          read++
          yield Array.from({ length: 600 }, (_, i) => [i, 'x'])
        }
      }
      await written(format, endless() as never, 2)
      expect(read).toBeLessThan(5)
    },
  )
})

describe('progress', () => {
  const clock = () => {
    let now = 1000
    return { now: () => now, pass: (ms: number) => (now += ms) }
  }

  it('is a line per step where there is no terminal', () => {
    const io = memoryIo()
    const time = clock()
    const progress = createProgress(io, 'lines', plainColors, time.now)
    progress.step('reading')
    time.pass(250)
    progress.at(500)
    progress.step('fitting', 10)
    time.pass(1500)
    progress.done('10 iterations')
    expect(io.err()).toBe('ok  reading  0.25 s\nok  fitting  10 iterations  1.50 s\n')
  })

  it('is a bar within the width of a terminal, with the time left', () => {
    const io = memoryIo({ columns: 60 })
    const time = clock()
    const progress = createProgress(io, 'bar', plainColors, time.now)
    progress.step('reading', 1000)
    time.pass(1000)
    progress.at(250)
    const frame = io.err().split('\r\u001b[K').at(-1) ?? ''
    expect(frame).toContain('250 / 1,000')
    expect(frame).toContain('3 s left')
    expect(width(frame)).toBeLessThan(60)
    progress.clear()
    expect(io.err().endsWith('\r\u001b[K')).toBe(true)
  })

  it('is JSON lines with --json, and nothing with --quiet', () => {
    const json = memoryIo()
    const time = clock()
    const progress = createProgress(json, 'json', plainColors, time.now)
    progress.step('reading', 10)
    time.pass(100)
    progress.at(5, undefined, 'scores: cost')
    progress.done()
    const events = json
      .err()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map((e) => e.event)).toEqual(['step', 'progress', 'done'])
    expect(events[1]).toEqual({ event: 'progress', step: 'reading', done: 5, total: 10, doing: 'scores: cost' })
    const silent = memoryIo()
    createProgress(silent, 'none', plainColors).step('reading')
    expect(silent.err()).toBe('')
  })

  it('estimates only what the pace tells', () => {
    expect(timeLeft(0, 100, 10)).toBe('')
    expect(timeLeft(50, 100, 60)).toBe('60 s left')
    expect(timeLeft(1, 100, 10)).toBe('17 min left')
    expect(timeLeft(100, 100, 10)).toBe('')
  })
})

it('says which lines a text gained and lost', () => {
  expect(diffLines('a\nb\nb\n', 'b\na\nc\n')).toEqual({ added: ['c'], removed: ['b'] })
})

it('draws a tree', () => {
  const leaf = (name: string, via?: string) => ({ name, ...(via ? { via } : {}), children: [] })
  const tree = { name: 'root', children: [{ name: 'a', children: [leaf('x', 'join')] }, leaf('b')] }
  expect(renderTree(tree, plainColors)).toBe('root\n├─ a\n│  └─ x  join\n└─ b\n')
})
