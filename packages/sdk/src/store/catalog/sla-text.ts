import type { Sla } from '@viewcast/compiler'

/** `warn after 6 hours, error after 1 day`. */
export const slaText = (sla: Sla): string =>
  [
    ...(sla.warnAfter === undefined ? [] : [`warn after ${sla.warnAfter}`]),
    ...(sla.errorAfter === undefined ? [] : [`error after ${sla.errorAfter}`]),
  ].join(', ')
