import type { GicCore } from './gic-core.js';
import type { InterruptBanks } from './interrupt-banks.js';
import { PRIORITY_MASK } from './limits.js';
import type { FrameRegister } from './register-frame.js';

/** Interrupts per word of IPRIORITYR and ICFGR. */
const PER_PRIORITY_WORD = 4;
const PER_CONFIG_WORD = 16;

/** A frame whose registers act on banks of interrupts. */
export interface BankTarget {
  readonly core: GicCore;
  /** The bank of the 32 interrupts that word `index` of a one-bit register covers; `undefined` when there are none. */
  bankOf(index: number): number | undefined;
}

type BitsName = 'group' | 'enabled' | 'latch' | 'active';
type Access = Required<Pick<FrameRegister<BankTarget>, 'read' | 'write'>>;

/**
 * The registers that the distributor and SGI_base have in common, at the same offsets (IHI 0069, 12.9 and 12.11).
 *
 * @param prefix - `GICD_` or `GICR_`.
 * @param words - words of a one-bit register: one for each 32 interrupts.
 */
export function bankRegisters(prefix: string, words: number): readonly FrameRegister<BankTarget>[] {
  const bits = { access: 'rw', words } as const;
  return [
    {
      ...bits,
      offset: 0x080,
      name: `${prefix}IGROUPR`,
      description: 'Group of each interrupt',
      ...access('group', (_before, value) => value),
    },
    { ...bits, offset: 0x100, name: `${prefix}ISENABLER`, description: 'Enables', ...setter('enabled') },
    { ...bits, offset: 0x180, name: `${prefix}ICENABLER`, description: 'Disables', ...clearer('enabled') },
    { ...bits, offset: 0x200, name: `${prefix}ISPENDR`, description: 'Makes pending', ...setter('latch') },
    { ...bits, offset: 0x280, name: `${prefix}ICPENDR`, description: 'Makes no longer pending', ...clearer('latch') },
    { ...bits, offset: 0x300, name: `${prefix}ISACTIVER`, description: 'Makes active', ...setter('active') },
    { ...bits, offset: 0x380, name: `${prefix}ICACTIVER`, description: 'Makes inactive', ...clearer('active') },
    {
      offset: 0x400,
      name: `${prefix}IPRIORITYR`,
      access: 'rw',
      words: words * (32 / PER_PRIORITY_WORD),
      bytes: true,
      description: 'Priority of each interrupt, a byte each; bits 7–3 are implemented',
      read: readPriorities,
      write: writePriorities,
    },
    {
      offset: 0xc00,
      name: `${prefix}ICFGR`,
      access: 'rw',
      words: words * (32 / PER_CONFIG_WORD),
      description: 'Trigger of each interrupt, two bits each: 0 level, 2 edge; SGIs are always edge-triggered',
      read: readConfig,
      write: writeConfig,
    },
    {
      offset: 0xd00,
      name: `${prefix}IGRPMODR`,
      access: 'raz',
      words,
      description: 'Group modifier: reserved with one security state',
    },
  ];
}

/** Writing 1 sets the bit; the set and the clear register read the same. */
function setter(name: BitsName): Access {
  return access(name, (before, value) => before | value);
}

/** Writing 1 clears the bit. A level-sensitive interrupt stays pending while its line is high. */
function clearer(name: BitsName): Access {
  return access(name, (before, value) => before & ~value);
}

function access(name: BitsName, change: (before: number, value: number) => number): Access {
  return {
    read(target, index) {
      const bank = target.bankOf(index);
      if (bank === undefined) return 0;
      const { banks } = target.core;
      return name === 'latch' ? banks.pending(bank) : (banks[name][bank] ?? 0);
    },
    write(target, index, value) {
      const bank = target.bankOf(index);
      if (bank === undefined) return;
      const bits = target.core.banks[name];
      bits[bank] = change(bits[bank] ?? 0, value);
      target.core.refreshWord(bank);
    },
  };
}

function readPriorities(target: BankTarget, index: number): number {
  const bank = target.bankOf(index >>> 3);
  if (bank === undefined) return 0;
  const first = bank * 32 + (index & 7) * PER_PRIORITY_WORD;
  let value = 0;
  for (let byte = 0; byte < PER_PRIORITY_WORD; byte++) {
    value |= (target.core.banks.priority[first + byte] ?? 0) << (byte * 8);
  }
  return value;
}

function writePriorities(target: BankTarget, index: number, value: number, mask: number): void {
  const bank = target.bankOf(index >>> 3);
  if (bank === undefined) return;
  const first = bank * 32 + (index & 7) * PER_PRIORITY_WORD;
  for (let byte = 0; byte < PER_PRIORITY_WORD; byte++) {
    if (((mask >>> (byte * 8)) & 0xff) === 0) continue;
    target.core.banks.priority[first + byte] = (value >>> (byte * 8)) & PRIORITY_MASK;
  }
  target.core.refreshWord(bank);
}

function readConfig(target: BankTarget, index: number): number {
  const bank = target.bankOf(index >>> 1);
  if (bank === undefined) return 0;
  const edges = (target.core.banks.edge[bank] ?? 0) >>> ((index & 1) * PER_CONFIG_WORD);
  let value = 0;
  for (let bit = 0; bit < PER_CONFIG_WORD; bit++) value |= ((edges >>> bit) & 1) << (bit * 2 + 1);
  return value;
}

function writeConfig(target: BankTarget, index: number, value: number): void {
  const bank = target.bankOf(index >>> 1);
  if (bank === undefined) return;
  let edges = 0;
  for (let bit = 0; bit < PER_CONFIG_WORD; bit++) edges |= ((value >>> (bit * 2 + 1)) & 1) << bit;
  setTriggers(target.core.banks, bank, (index & 1) * PER_CONFIG_WORD, edges);
  target.core.refreshWord(bank);
}

function setTriggers(banks: InterruptBanks, bank: number, shift: number, edges: number): void {
  const covered = (0xffff << shift) & ~banks.alwaysEdge(bank);
  banks.edge[bank] = ((banks.edge[bank] ?? 0) & ~covered) | ((edges << shift) & covered);
}
