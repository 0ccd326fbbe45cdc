import { QvmError } from '@qvm/core';
import { type VlanSet } from '@qvm/core/services';

const LAST_VLAN = 4094;
const RANGE = /^(\d{1,4})(?:-(\d{1,4}))?$/;

/**
 * Parses the option `trunk`: `all`, or VLANs and ranges of them, `10+20+100-199`.
 *
 * @throws QvmError `network.vlan`
 */
export function parseVlanList(text: string): VlanSet {
  return text === 'all' ? 'all' : text.split(/[+,]/).flatMap((part) => rangeOf(part.trim(), text));
}

function rangeOf(part: string, whole: string): readonly number[] {
  const [, first, last = first] = RANGE.exec(part) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === undefined || from < 1 || to > LAST_VLAN || from > to) {
    throw new QvmError(
      'network.vlan',
      `trunk=${whole}: say all, or VLANs from 1 to ${LAST_VLAN} such as 10+20+100-199.`,
    );
  }
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Formats VLANs for {@link parseVlanList}. */
export function formatVlanList(vlans: VlanSet): string {
  return vlans === 'all' ? vlans : vlans.join('+');
}
