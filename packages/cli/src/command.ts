/** What a command is: a record, from which parsing, help and `--json` come. */
import type { z } from 'zod'
import type { Io } from './io.ts'
import type { Output } from './render/output.ts'

export interface Positional {
  readonly name: string
  readonly description: string
  readonly required: boolean
}

export interface Example {
  readonly command: string
  readonly description: string
}

/** Options every command takes, after parsing. */
export interface GlobalOptions {
  readonly config?: string | undefined
  readonly database?: string | undefined
  readonly env?: string | undefined
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
}

/** One call of a command. */
export interface Invocation<Options = Record<string, unknown>> {
  readonly options: Options
  /** Positional name → value; absent ones are missing. */
  readonly positionals: Readonly<Record<string, string>>
  /** What is given beyond the positionals, of a command that takes more. */
  readonly more: readonly string[]
  readonly globals: GlobalOptions
  readonly io: Io
  readonly output: Output
}

export interface Command<Options extends z.ZodObject = z.ZodObject> {
  readonly name: string
  /** One line, without a full stop. */
  readonly summary: string
  readonly description: string
  readonly positionals: readonly Positional[]
  /** Says that the last positional may be repeated. */
  readonly takesMore?: boolean
  readonly options: Options
  readonly examples: readonly Example[]
  /** Returns the exit code: 0 ok, 1 failed. */
  readonly run: (invocation: Invocation<z.output<Options>>) => Promise<number>
}

/** Fixes the option types of a command and forgets them again, so that commands fit in one list. */
export const defineCommand = <Options extends z.ZodObject>(command: Command<Options>): Command =>
  command as unknown as Command

/** The value of a required positional; parsing has refused calls without it. */
export const positional = ({ positionals }: Pick<Invocation, 'positionals'>, name: string): string =>
  positionals[name] ?? ''
