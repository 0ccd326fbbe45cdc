import { show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { eachClash, type OwnedVdev, optionOf, placeText, vdevsOf } from '../vdevs.js';

/** `lint.endpoint-taken` @experimental */
export const endpointTaken: LintRule = {
  code: 'lint.endpoint-taken',
  severity: 'error',
  summary: 'Two character devices use the same console, file or TCP port of the host.',
  description:
    'One of them cannot be opened, or both write over each other. A VM has one stdio; two VMs may have one each.',
  bad: { texts: ['ram 256M\nvdev pl011 hostdev >-\nvdev qcar-uart loc 0x9100000 intr gic:40 hostdev >-'] },
  good: { texts: ['ram 256M\nvdev pl011 hostdev >-\nvdev qcar-uart loc 0x9100000 intr gic:40 hostdev pty'] },
  check: (target, _facts, report) => {
    const endpoints = vdevsOf(target).flatMap((owned) => {
      const device = owned.vdev.type === 'virtio-blk' ? undefined : optionOf(owned.vdev, 'hostdev');
      return device === undefined ? [] : [{ ...device, owner: owned.owner, key: keyOf(owned, device.value) }];
    });
    eachClash(
      endpoints,
      ({ key }) => key,
      (endpoint, first) => {
        const hint = `the other one is in ${placeText(first.at, endpoint.at)}`;
        report(endpoint.at, `${show(endpoint.value)} is used twice`, hint);
      },
    );
  },
};

/** Key of an endpoint that two devices cannot share; `undefined` for one that each device opens for itself. */
function keyOf({ owner, baseDir }: OwnedVdev, designator: string): string | undefined {
  if (designator === 'stdio') return `stdio of ${owner}`;
  if (designator.startsWith('file:')) return `${designator.startsWith('file:/') ? '' : baseDir}|${designator}`;
  const port = /^tcp-listen:(?:.*:)?([0-9]+)$/.exec(designator)?.[1];
  return port === undefined ? undefined : `tcp ${port}`;
}
