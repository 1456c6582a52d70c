/** Help from the command records, as text and as data. */
import type { Command } from './command.ts'
import { globalOptions } from './parse/globals.ts'
import { type OptionSpec, optionSpecs } from './parse/options.ts'
import type { Colors } from './render/palette.ts'
import { padEnd, width } from './render/width.ts'

export function commandHelp(command: Command, colors: Colors, columns: number): string {
  const positionals = command.positionals.map((p) => (p.required ? `<${p.name}>` : `[${p.name}]`))
  const own = optionSpecs(command.options)
  const shared = optionSpecs(globalOptions).filter((g) => !own.some((o) => o.flag === g.flag))
  return sections(colors, [
    [
      '',
      `${wrap(`viewcast ${command.name}: ${lowerFirst(command.summary)}`, columns, '').replace(`viewcast ${command.name}`, colors.bold)}\n\n${wrap(command.description, columns, '')}`,
    ],
    [
      'Usage',
      `  ${['viewcast', command.name, ...positionals, ...(command.takesMore ? ['…'] : []), '[options]'].join(' ')}`,
    ],
    [
      'Arguments',
      list(
        command.positionals.map((p) => [`<${p.name}>`, p.description]),
        columns,
      ),
    ],
    [
      'Options',
      list(
        own.map((s) => [flagText(s), optionText(s)]),
        columns,
      ),
    ],
    [
      'Options of every command',
      list(
        shared.map((s) => [flagText(s), optionText(s)]),
        columns,
      ),
    ],
    ['Examples', command.examples.map((e) => `  ${colors.dim(`# ${e.description}`)}\n  ${e.command}`).join('\n')],
  ])
}

export function overview(commands: readonly Command[], version: string, colors: Colors, columns: number): string {
  return sections(colors, [
    ['', `${colors.bold('viewcast')} ${version}: features as SQL views, models as one SQL query`],
    ['Usage', '  viewcast <command> [options]\n  viewcast help <command>'],
    [
      'Commands',
      list(
        commands.map((c) => [c.name, c.summary]),
        columns,
      ),
    ],
    [
      'Options of every command',
      list(
        optionSpecs(globalOptions).map((s) => [flagText(s), optionText(s)]),
        columns,
      ),
    ],
    [
      'Exit codes',
      '  0 ok, 1 failed, 2 wrong usage or internal error, 3 changes pending, 130 interrupted (nothing half done)',
    ],
    [
      'Examples',
      commands
        .flatMap((c) => c.examples.slice(0, 1))
        .slice(0, 5)
        .map((e) => `  ${e.command}`)
        .join('\n'),
    ],
  ])
}

/** The same as data, for `--json` and for the reference pages. */
export const commandData = (command: Command): Record<string, unknown> => ({
  name: command.name,
  summary: command.summary,
  description: command.description,
  positionals: command.positionals,
  options: optionSpecs(command.options).map((s) => ({
    flag: `--${s.flag}`,
    ...(s.value ? { value: s.value } : {}),
    ...(s.multiple ? { repeatable: true } : {}),
    ...(s.default === undefined || s.default === false ? {} : { default: s.default }),
    description: s.description,
  })),
  examples: command.examples,
})

const lowerFirst = (text: string): string => text.replace(/^./, (c) => c.toLowerCase())

const sections = (colors: Colors, parts: readonly (readonly [string, string])[]): string =>
  `${parts
    .filter(([, body]) => body !== '')
    .map(([title, body]) => (title === '' ? body : `${colors.bold(title)}\n${body}`))
    .join('\n\n')}\n`

const flagText = (s: OptionSpec): string =>
  [s.short ? `-${s.short}, ` : '', `--${s.flag}`, s.value ? ` ${s.value}` : ''].join('')

const optionText = (s: OptionSpec): string =>
  [
    s.description,
    s.multiple ? ' (repeatable)' : '',
    s.default === undefined || s.default === false || Array.isArray(s.default) ? '' : ` (default ${String(s.default)})`,
  ].join('')

function list(entries: readonly (readonly [string, string])[], columns: number): string {
  const w = Math.min(34, Math.max(0, ...entries.map(([name]) => width(name))))
  return entries
    .map(([name, text]) => {
      const head = `  ${padEnd(name, w)}  `
      return width(name) > w
        ? `  ${name}\n${wrap(text, columns, ' '.repeat(w + 4))}`
        : head + wrap(text, columns, ' '.repeat(w + 4)).trimStart()
    })
    .join('\n')
}

function wrap(text: string, columns: number, indent: string): string {
  const limit = Math.max(40, Math.min(columns, 100))
  const lines: string[] = []
  for (const paragraph of text.split('\n')) {
    let line = indent
    for (const word of paragraph.split(' ')) {
      if (line.length > indent.length && width(line) + width(word) + 1 > limit) {
        lines.push(line)
        line = indent
      }
      line += line.length > indent.length ? ` ${word}` : word
    }
    lines.push(line)
  }
  return lines.join('\n')
}
