import type { AcpiContext } from '@qvm/core/vdev';

/** A context that numbers names and `_UID`s alike, and gives interrupts as they are asked for. */
export function fakeAcpiContext(): AcpiContext {
  const counts = new Map<string, number>();
  const next = (key: string): number => {
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return count;
  };
  return {
    deviceName: (prefix) => `${prefix}${next(`name ${prefix}`)}`,
    uid: (hid) => next(`uid ${hid}`),
    interrupt: (number, trigger) => ({ kind: 'interrupt', number, trigger }),
  };
}
