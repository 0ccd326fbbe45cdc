import { TraceEventId, type TraceEvent } from '../event.js';
import { EVENT_NAMES } from './event-names.js';

/**
 * Selects events. Absent conditions match all events.
 *
 * @experimental
 */
export interface EventFilter {
  /** Names of VMs. */
  readonly vms?: readonly string[] | undefined;
  /** Names of events as {@link eventName} returns them, or causes of exits, in any letter case. */
  readonly events?: readonly string[] | undefined;
  /** Nanoseconds since the start of the trace. */
  readonly since?: number | undefined;
  /** Nanoseconds since the start of the trace, inclusive. */
  readonly until?: number | undefined;
}

/**
 * The printed name of an event: `GUEST_ENTER`.
 *
 * @experimental
 */
export function eventName(id: TraceEventId | number): string {
  return EVENT_NAMES.get(id) ?? `EVENT_${id}`;
}

/**
 * The names of all events, in order of their numbers.
 *
 * @experimental
 */
export function eventNames(): readonly string[] {
  return [...EVENT_NAMES.values()];
}

/**
 * Makes a predicate from a filter.
 *
 * @param start - start of the trace, in the events' nanoseconds.
 * @experimental
 */
export function eventFilter(
  start: number,
  { vms, events: names, since = 0, until = Infinity }: EventFilter,
): (event: TraceEvent) => boolean {
  const wanted = names && new Set(names.map((name) => name.toUpperCase()));
  return (event) => {
    const time = event.time - start;
    if (time < since || time > until || (vms && !vms.includes(event.vm))) return false;
    return !wanted || wanted.has(eventName(event.id)) || wanted.has(causeOf(event));
  };
}

function causeOf({ id, name }: TraceEvent): string {
  return id === TraceEventId.GuestEntry || id === TraceEventId.GuestExit ? name.toUpperCase() : '';
}
