import { type Diagnostic, isViewcastError } from '@viewcast/sdk'

/** The diagnostics a call fails with; anything but a ViewcastError is a failure of the test. */
export async function diagnosticsOf(call: () => unknown): Promise<readonly Diagnostic[]> {
  try {
    await call()
  } catch (e) {
    if (isViewcastError(e)) return e.diagnostics
    throw e
  }
  throw new Error('the call was to be refused, and succeeded')
}

export const codesOf = async (call: () => unknown): Promise<string[]> => (await diagnosticsOf(call)).map((d) => d.code)
