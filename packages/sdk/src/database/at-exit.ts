type Action = () => void

const actions = new Set<Action>()
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs a synchronous action when the process ends, by itself or by a signal; returns how to take it back. A signal that
 * the program handles itself is left to the program.
 */
export function atExit(action: Action): () => void {
  if (actions.size === 0) install()
  actions.add(action)
  return () => {
    if (actions.delete(action) && actions.size === 0) uninstall()
  }
}

function install(): void {
  process.on('exit', runAll)
  for (const signal of signals) process.on(signal, onSignal)
}

function uninstall(): void {
  process.off('exit', runAll)
  for (const signal of signals) process.off(signal, onSignal)
}

function runAll(): void {
  for (const action of [...actions]) {
    try {
      action()
    } catch {
      // Best effort: whatever stays behind is recognised as left behind.
    }
  }
  actions.clear()
}

function onSignal(signal: NodeJS.Signals): void {
  // Having a listener suppresses the default, which is to end; with others about, one of them has decided otherwise.
  if (process.listenerCount(signal) > 1) return
  runAll()
  uninstall()
  process.kill(process.pid, signal)
}
