import type { AcpiContext, AcpiResource } from '@qvm/core/vdev';
import { invalid } from './invalid.js';

const NAME_LENGTH = 4;

/**
 * Gives names and numbers to the devices of vdevs. For boards whose interrupt numbers are global system interrupts,
 * signalled by a high level or a rising edge.
 *
 * @experimental
 */
export class AcpiTableContext implements AcpiContext {
  readonly #counts = new Map<string, number>();

  /** @throws `QvmError` `acpi.invalid` when the numbers of the prefix are used up. */
  deviceName(prefix: string): string {
    const name = `${prefix}${this.#next(`name ${prefix}`).toString(16).toUpperCase()}`;
    if (name.length > NAME_LENGTH) throw invalid(`There are too many devices with names that begin with ${prefix}.`);
    return name;
  }

  uid(hid: string): number {
    return this.#next(`uid ${hid}`);
  }

  interrupt(number: number, trigger: 'level' | 'edge'): AcpiResource {
    return { kind: 'interrupt', number, trigger };
  }

  #next(key: string): number {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    return count;
  }
}
