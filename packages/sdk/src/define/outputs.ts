import { fail, type OutputChoice, outputChoice, outputTitle } from '@viewcast/compiler'

/** Types say it where there are any; a choice that was computed is checked all the same. Errors: `define/option`. */
export function checkedOutputs(what: string, given: readonly OutputChoice[]): readonly OutputChoice[] {
  const isKnown = (choice: OutputChoice): boolean =>
    typeof choice === 'string' ? outputChoice(choice) === choice : outputChoice(outputTitle(choice)) !== undefined
  if (given.length > 0 && given.every(isKnown)) return [...given]
  return fail('define/option', {
    what,
    option: 'outputs',
    detail: given.length === 0 ? 'is empty' : 'holds something that is no output',
    hint: "Write some of: 'value', 'probabilities', 'label', 'linear', 'contributions', 'points', { reasons: 3 }, { confidence: 0.95 }, { interval: 0.95 }.",
  })
}
