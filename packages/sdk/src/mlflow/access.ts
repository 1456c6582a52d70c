import type { IncomingHttpHeaders } from 'node:http'
import { type AccessProblem, type AccessRule, accessProblem } from '../http/access.ts'
import { type MlflowCode, refuse } from './failure.ts'

const refusals: Readonly<Record<AccessProblem, readonly [code: MlflowCode, message: string]>> = {
  host: ['PERMISSION_DENIED', 'Invalid Host header: this server is local.'],
  origin: ['PERMISSION_DENIED', 'Requests of pages of another origin are refused.'],
  token: [
    'UNAUTHENTICATED',
    'A token is needed: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_PASSWORD with any user name.',
  ],
}

/** Refuses what may not ask. */
export function checkAccess(headers: IncomingHttpHeaders, path: string, rule: AccessRule): void {
  const problem = accessProblem(headers, path === '/health', rule)
  if (problem) refuse(...refusals[problem])
}
