/** Turns argv into a request. Strict: what is not understood is refused, all of it at once where that is possible. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { z } from 'zod'
import type { Command } from '../command.ts'
import { type GlobalFlags, globalOptions } from './globals.ts'
import { type OptionSpec, optionSpecs } from './options.ts'
import { UsageError } from './usage.ts'

export type Request =
  | { readonly kind: 'version' }
  /** `group` is the first word of commands of two: "runs". */
  | { readonly kind: 'help'; readonly command: Command | undefined; readonly group?: string }
  | {
      readonly kind: 'command'
      readonly command: Command
      readonly globals: GlobalFlags
      readonly options: Record<string, unknown>
      readonly positionals: Record<string, string>
      readonly more: readonly string[]
    }

const globalSpecs = optionSpecs(globalOptions)

/** Errors: `UsageError`. */
export function parseRequest(argv: readonly string[], commands: readonly Command[]): Request {
  const first = tokenize(argv, globalSpecs).find((t) => t.kind === 'positional')
  const asked = flagsBefore(argv, first?.index ?? argv.length)
  if (asked.version) return { kind: 'version' }
  // "--databse x train" is a misspelt option, not an unknown command "x".
  refuseUnknown(argv.slice(0, first?.index), globalSpecs)
  if (first === undefined) {
    if (asked.help) return { kind: 'help', command: undefined }
    throw new UsageError('A command is missing', { hint: 'List the commands with: viewcast --help' })
  }
  const rest = [...argv.slice(0, first.index), ...argv.slice(first.index + 1)]
  if (first.value === 'help') {
    const topics = tokenize(rest, globalSpecs).flatMap((t) => (t.kind === 'positional' ? [t.value] : []))
    const [topic, ...more] = topics
    if (topic === undefined) return { kind: 'help', command: undefined }
    const found = named(commands, topic, more[0])
    return found ? { kind: 'help', command: found } : { kind: 'help', command: undefined, group: topic }
  }
  const second = groupOf(commands, first.value).length === 0 ? undefined : secondWord(rest)
  const command = named(commands, first.value, second?.value)
  if (command === undefined) {
    if (!asksFor(rest, '--help') && !asksFor(rest, '-h')) {
      throw new UsageError(`"viewcast ${first.value}" needs one of: ${groupOf(commands, first.value).join(', ')}`, {
        hint: `See: viewcast ${first.value} --help`,
      })
    }
    return { kind: 'help', command: undefined, group: first.value }
  }
  if (second !== undefined && command.name.includes(' ')) rest.splice(second.index, 1)
  const own = optionSpecs(command.options)
  // A command may use a name for itself: --version of compile is that of a model.
  const shared = globalSpecs.filter((g) => !own.some((o) => o.flag === g.flag))
  const specs = [...own, ...shared]
  const tokens = tokenize(rest, specs)
  if (tokens.some((t) => t.kind === 'option' && t.name === 'help')) return { kind: 'help', command }

  const { raw, values } = collect(tokens, specs, command)
  const globals = validate(globalOptions, pick(raw, shared), shared) as GlobalFlags
  if (globals.version) return { kind: 'version' }
  return {
    kind: 'command',
    command,
    globals,
    options: validate(command.options, pick(raw, own), own),
    positionals: namePositionals(values, command),
    more: values.slice(command.positionals.length),
  }
}

/** Second words of the commands that start with this one. */
const groupOf = (commands: readonly Command[], first: string): string[] =>
  commands.flatMap((c) => (c.name.startsWith(`${first} `) ? [c.name.slice(first.length + 1)] : []))

const secondWord = (rest: readonly string[]): (Token & { kind: 'positional' }) | undefined =>
  tokenize(rest, globalSpecs).find((t) => t.kind === 'positional')

/** The command of one word, or of two; undefined for the first of two alone. Errors: `UsageError`. */
function named(commands: readonly Command[], first: string, second: string | undefined): Command | undefined {
  const found = commands.find((c) => c.name === `${first} ${second}`) ?? commands.find((c) => c.name === first)
  if (found) return found
  const group = groupOf(commands, first)
  if (group.length > 0 && second === undefined) return undefined
  const [name, candidates] =
    group.length > 0
      ? [`${first} ${second}`, group.map((word) => `${first} ${word}`)]
      : [first, commands.map((c) => c.name)]
  throw new UsageError(`There is no command "${name}"`, {
    misspelt: { name, candidates },
    hint: group.length > 0 ? `See: viewcast ${first} --help` : 'List the commands with: viewcast --help',
  })
}

/** True when argv asks for JSON; also right for calls that do not parse. */
export const asksFor = (argv: readonly string[], flag: string): boolean => {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes(flag)
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number]

function tokenize(args: readonly string[], specs: readonly OptionSpec[]): Token[] {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const spec of specs) options[spec.flag] = { type: spec.type, ...(spec.short ? { short: spec.short } : {}) }
  // Not strict: node's own messages name no candidates, and they stop at the first problem.
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens
}

function flagsBefore(argv: readonly string[], end: number): { help: boolean; version: boolean } {
  const given = new Set(tokenize(argv.slice(0, end), globalSpecs).flatMap((t) => (t.kind === 'option' ? [t.name] : [])))
  return { help: given.has('help'), version: given.has('version') }
}

function refuseUnknown(argv: readonly string[], specs: readonly OptionSpec[]): void {
  for (const token of tokenize(argv, specs)) {
    if (token.kind === 'option' && !specs.some((s) => s.flag === token.name)) {
      throw unknownOption(token.rawName, specs, undefined)
    }
  }
}

function collect(tokens: readonly Token[], specs: readonly OptionSpec[], command: Command) {
  const raw: Record<string, unknown> = {}
  const values: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') values.push(token.value)
    if (token.kind !== 'option') continue
    const spec = specs.find((s) => s.flag === token.name)
    if (spec === undefined) throw unknownOption(token.rawName, specs, command)
    if (spec.type === 'boolean') {
      if (token.value !== undefined) throw new UsageError(`--${spec.flag} takes no value`)
      raw[spec.key] = true
      continue
    }
    // A lone "-" is a file name; "--at --json" is a forgotten value.
    if (token.value === undefined || (!token.inlineValue && /^-./.test(token.value)))
      throw new UsageError(`--${spec.flag} needs a value: --${spec.flag} ${spec.value}`)
    if (spec.multiple) raw[spec.key] = [...((raw[spec.key] as string[] | undefined) ?? []), token.value]
    else if (spec.key in raw) throw new UsageError(`--${spec.flag} is given twice`)
    else raw[spec.key] = token.value
  }
  return { raw, values }
}

function unknownOption(rawName: string, specs: readonly OptionSpec[], command: Command | undefined): UsageError {
  const where = command ? `"viewcast ${command.name}"` : 'viewcast'
  return new UsageError(`${where} has no option ${rawName}`, {
    misspelt: { name: rawName, candidates: specs.map((s) => `--${s.flag}`) },
    hint: `List the options with: viewcast ${command ? `${command.name} ` : ''}--help`,
  })
}

const pick = (raw: Record<string, unknown>, specs: readonly OptionSpec[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(raw).filter(([key]) => specs.some((s) => s.key === key)))

function validate(schema: z.ZodObject, raw: Record<string, unknown>, specs: readonly OptionSpec[]) {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const key = String(issue?.path[0])
  const spec = specs.find((s) => s.key === key)
  const given = raw[key]
  const value = Array.isArray(given) ? given[Number(issue?.path[1] ?? 0)] : given
  if (spec?.expects) throw new UsageError(`--${spec.flag} takes ${spec.expects}, not "${String(value)}"`)
  throw new UsageError(`--${spec?.flag ?? key}: ${issue?.message ?? 'not understood'}`)
}

function namePositionals(values: readonly string[], command: Command): Record<string, string> {
  const surplus = values[command.positionals.length]
  if (surplus !== undefined && !command.takesMore)
    throw new UsageError(`"viewcast ${command.name}" does not take "${surplus}"`, help(command))
  const out: Record<string, string> = {}
  for (const [i, p] of command.positionals.entries()) {
    const value = values[i]
    if (value !== undefined) out[p.name] = value
    else if (p.required)
      throw new UsageError(`"viewcast ${command.name}" needs <${p.name}>: ${p.description}`, help(command))
  }
  return out
}

const help = (command: Command): { hint: string } => ({ hint: `See: viewcast ${command.name} --help` })
