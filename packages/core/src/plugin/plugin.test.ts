import { ARCHITECTURE, HOOK_PLUGIN, PLUGIN_API_VERSION, provide, requireCompatible, VDEV_FACTORY } from './plugin.js';
import { createToken } from './token.js';

describe('tokens', () => {
  it('are the same in two copies of the package, and differ from each other', () => {
    expect(createToken('@qvm/core/VdevFactory').key).toBe(VDEV_FACTORY.key);
    expect(new Set([VDEV_FACTORY, ARCHITECTURE, HOOK_PLUGIN].map(({ key }) => key)).size).toBe(3);
  });
});

describe('requireCompatible', () => {
  const plugin = {
    name: 'p',
    provides: [provide({ token: HOOK_PLUGIN, scope: 'host', factory: () => ({ name: 'h', apply: () => undefined }) })],
  };

  it('takes plugins of this version only', () => {
    expect(() => requireCompatible({ ...plugin, apiVersion: PLUGIN_API_VERSION })).not.toThrow();
    expect(() => requireCompatible({ ...plugin, apiVersion: PLUGIN_API_VERSION + 1 })).toThrow(
      'The plugin p is for version 2 of the plugin contract; this is version 1.',
    );
  });
});
