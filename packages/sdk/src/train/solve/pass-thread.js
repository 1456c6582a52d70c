// A thread that takes its share of the passes over a design in shared memory; pass-threads.ts hands them out.
import { parentPort, workerData } from 'node:worker_threads'
import { beginSums } from './block-sums.js'
import { workspaceOf } from './workspace.js'

const { program, width, shift, kind, groups } = workerData
const workspace = workspaceOf(program, width, shift)

parentPort.on('message', ({ pass, theta, withProducts, next }) => {
  for (;;) {
    const group = Atomics.add(next, 0, 1)
    if (group >= groups.length) return
    const sums = beginSums(workspace, kind, theta, withProducts)
    for (const block of groups[group]) sums.add(block)
    parentPort.postMessage({ pass, group, sums: sums.end() })
  }
})
