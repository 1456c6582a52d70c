/** What the command line sees: the declarations for the first quarter of a million flights of 2001. */
import { declare } from './src/declare.ts'

const period = { from: '2001-01-06T00:00Z', test: '2001-01-13T00:00Z', oneIn: 4 }

export const {
  airport,
  route,
  flight,
  place,
  clock,
  departures,
  arrivals,
  history,
  takeoffs,
  outcome,
  delays,
  timetable,
  delay15,
  delay15Timetable,
} = declare(period)
