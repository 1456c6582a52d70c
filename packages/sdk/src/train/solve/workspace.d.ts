import type { Workspace } from './kernels.ts'

export function packed(i: number): number
export function workspaceOf(program: object, width: number, shift: Float64Array): Workspace
