import { show } from '@qvm/core/options';
import type { ArchitectureName } from '../names.js';
import type { Located } from '../location.js';
import type { Token } from './lexer.js';
import type { LineReader, Part } from './line-reader.js';
import { splitToken } from './line-reader.js';

const SPACE = /^(mem|io|pci):/;

/** A location in one of the address spaces of a guest, with the parts that follow its address. */
export interface Location {
  readonly space: 'mem' | 'io';
  readonly parts: readonly [Part, ...Part[]];
}

/**
 * A location, `[mem:|io:]ADDRESS[,…]`, without its space; reports a PCI location and returns `undefined`, because that
 * only determines where the guest finds the device, so the VM chooses it.
 */
export function location(token: Token, reader: LineReader): Location | undefined {
  const space = SPACE.exec(token.text)?.[1];
  if (space === 'pci') {
    const message = `there is no PCI bus: ${show(token.text)} is not obeyed, and the VM chooses a place in memory`;
    reader.findings.warning(reader.at(token), 'config.not-supported', message, 'write loc ADDRESS');
    return undefined;
  }
  const [first, ...others] = splitToken(token, reader);
  if (first === undefined) return undefined;
  if (space === undefined) return { space: 'mem', parts: [first, ...others] };
  const plain = { value: first.value.slice(space.length + 1), at: reader.at(token, space.length + 1) };
  return { space: space === 'io' ? 'io' : 'mem', parts: [plain, ...others] };
}

/** The parts of a location in memory; reports I/O ports, which `verb` cannot be done with. */
export function memoryLocation(token: Token, reader: LineReader, verb: string): readonly Part[] | undefined {
  const found = location(token, reader);
  if (found?.space !== 'io') return found?.parts;
  reader.error(token, 'config.bad-location', `I/O ports cannot be ${verb}`, 'give an address in memory');
  return undefined;
}

const INTERRUPT = /^(?:([A-Za-z0-9][A-Za-z0-9._-]*):)?([0-9]{1,5}|0x[0-9a-fA-F]{1,4})$/;

/** Names of interrupt controllers whose inputs a configuration may number, with the architecture of their guests. */
export const INTERRUPT_CONTROLLERS: ReadonlyMap<string, ArchitectureName> = new Map([
  ['gic', 'aarch64'],
  ['ioapic', 'x86_64'],
  ['8259', 'x86_64'],
]);

/**
 * The number of an interrupt, `gic:N` or `ioapic:N`. `,u`, `,t` and `=HOSTVECTOR` of a passed interrupt concern host
 * hardware and have no effect; neither has `apic`, the output of an interrupt controller, which its board connects.
 */
export function interruptNumber(token: Token, reader: LineReader): Located<string> | undefined {
  const [plain = ''] = token.text.split(/[,=]/, 1);
  if (plain === 'apic') {
    reader.ignored(token, 'the board connects the local APICs');
    return undefined;
  }
  const match = INTERRUPT.exec(plain);
  const controller = match?.[1];
  const number = match?.[2];
  const hint = 'right would be gic:37 or ioapic:4';
  if (number === undefined) {
    reader.error(token, 'config.bad-interrupt', `${show(token.text)} is no interrupt`, hint);
    return undefined;
  }
  if (controller !== undefined && !INTERRUPT_CONTROLLERS.has(controller)) {
    reader.error(token, 'config.bad-interrupt', `there is no interrupt controller ${show(controller)}`, hint);
    return undefined;
  }
  if (controller !== undefined) reader.controllers.push({ value: controller, at: reader.at(token) });
  return { value: number, at: reader.at(token, controller === undefined ? 0 : controller.length + 1) };
}
