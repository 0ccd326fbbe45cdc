import { show } from '@qvm/core/options';
import type { Located } from '../location.js';
import type { Token } from './lexer.js';
import type { LineReader, Part } from './line-reader.js';
import { splitToken } from './line-reader.js';

const SPACE = /^(mem|io|pci):/;

/**
 * The parts of a location in memory, `[mem:]ADDRESS[,…]`; reports other address spaces and returns `undefined`. A PCI
 * location only determines where the guest finds the device, so the VM chooses it.
 */
export function memoryLocation(token: Token, reader: LineReader): Part[] | undefined {
  const space = SPACE.exec(token.text)?.[1];
  if (space === 'io') {
    const hint = 'give an address in memory';
    reader.error(token, 'config.bad-location', 'there are no I/O ports here', hint);
    return undefined;
  }
  if (space === 'pci') {
    const message = `there is no PCI bus: ${show(token.text)} is not obeyed, and the VM chooses a place in memory`;
    reader.findings.warning(reader.at(token), 'config.not-supported', message, 'write loc ADDRESS');
    return undefined;
  }
  const parts = splitToken(token, reader);
  const [first, ...others] = parts;
  if (first === undefined || space === undefined) return parts;
  return [{ value: first.value.slice(space.length + 1), at: reader.at(token, space.length + 1) }, ...others];
}

const INTERRUPT = /^(?:([A-Za-z][A-Za-z0-9._-]*):)?([0-9]{1,5}|0x[0-9a-fA-F]{1,4})$/;

/**
 * The number of an interrupt, `gic:N`. `,u`, `,t` and `=HOSTVECTOR` of a passed interrupt concern host hardware and
 * have no effect.
 */
export function interruptNumber(token: Token, reader: LineReader): Located<string> | undefined {
  const [plain = ''] = token.text.split(/[,=]/, 1);
  const match = INTERRUPT.exec(plain);
  const controller = match?.[1];
  const number = match?.[2];
  const hint = 'right would be gic:37';
  if (number === undefined) {
    reader.error(token, 'config.bad-interrupt', `${show(token.text)} is no interrupt`, hint);
    return undefined;
  }
  if (controller !== undefined && controller !== 'gic') {
    reader.error(token, 'config.bad-interrupt', `there is no interrupt controller ${show(controller)}`, hint);
    return undefined;
  }
  return { value: number, at: reader.at(token, controller === undefined ? 0 : controller.length + 1) };
}
