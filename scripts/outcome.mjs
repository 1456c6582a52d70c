// What Vitest's JSON report says: the counts, and why the failed tests failed.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { root } from './fingerprint.mjs'

export function outcome(file) {
  try {
    const json = JSON.parse(readFileSync(file, 'utf8'))
    const reasons = json.testResults.flatMap(failures)
    return { passed: json.numPassedTests, failed: json.numFailedTests, skipped: json.numPendingTests, reasons }
  } catch {
    return { passed: 0, failed: 1, skipped: 0, reasons: ['the results could not be read'] }
  }
}

/** Whoever reads the end of a long log only must learn what failed and why. */
function failures({ name, status, message, assertionResults }) {
  const path = relative(root, name)
  const tests = assertionResults.filter((test) => test.status === 'failed')
  if (tests.length === 0) return status === 'failed' ? [`${path}: ${beginning(message)}`] : []
  return tests.map((test) => `${path} > ${test.fullName}: ${beginning(test.failureMessages.join('\n'))}`)
}

function beginning(text) {
  const lines = stripVTControlCharacters(text).split('\n')
  const own = lines.filter((line) => !line.includes('node_modules') && !line.includes('<anonymous>'))
  return own.join('\n          ').slice(0, 600)
}
