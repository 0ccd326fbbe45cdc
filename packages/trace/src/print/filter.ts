import { TraceEventId, type TraceEvent } from '../event.js';
import { EVENT_NAMES } from './event-names.js';

/**
 * Which events are wanted. What is left out wants all.
 *
 * @experimental
 */
export interface EventFilter {
  /** Names of VMs. */
  readonly vms?: readonly string[] | undefined;
  /** Names of events as {@link eventName} gives them, or causes of exits, in any case. */
  readonly events?: readonly string[] | undefined;
  /** Nanoseconds since the trace began. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/**
 * The name of an event as it is printed: `GUEST_ENTER`.
 *
 * @experimental
 */
export function eventName(id: TraceEventId | number): string {
  return EVENT_NAMES.get(id) ?? `EVENT_${id}`;
}

/**
 * Makes a filter a question for each event.
 *
 * @param start - when the trace began, in the events' nanoseconds.
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
