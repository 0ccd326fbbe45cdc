// Three ways to add a custom vdev to a hypervisor. Each runs the same guest, which reads the vdev's registers.
// Requires the package in examples/vdev-thermometer, @qvm/testing for the guest, and tsyringe.
import 'reflect-metadata';
import { plugin, thermometerFactory } from '@acme/vdev-thermometer';
import { VDEV_FACTORY } from '@qvm/core';
import { createHypervisor } from '@qvm/sdk';
import { bridge, pluginFromTsyringe } from '@qvm/sdk-tsyringe';
import { scriptedGuest, scriptPlugin } from '@qvm/testing';
import { container } from 'tsyringe';

/** As a plugin, which the SDK loads as a module into its Inversify container. */
const asPlugin = { plugins: [plugin] };

/** As a service in the application's tsyringe container. */
container.register('thermometer', { useValue: thermometerFactory });
const bridged = pluginFromTsyringe(container, [bridge({ token: VDEV_FACTORY, from: 'thermometer', multi: true })]);
const asBridge = { plugins: [bridged] };

/** Without registration: the vdev type is the name of a package, which the hypervisor imports. */
const asName = { importPackages: true };

for (const [way, options] of Object.entries({ asPlugin, asBridge, asName })) {
  const hypervisor = createHypervisor({
    importPackages: false,
    ...options,
    plugins: [scriptPlugin, ...(options.plugins ?? [])],
  });
  const vm = await hypervisor.createVm({
    name: way,
    image: scriptedGuest('print the thermometer says', 'show 0x0c000008', 'expect 0x0c000008 18000', 'poweroff'),
    ram: [{ size: '1M' }],
    vdevs: [{ type: '@acme/vdev-thermometer', options: { temperature: 18_000 } }],
  });
  await vm.start();
  const { exitCode } = await vm.exit;
  console.log(`${way}: ${exitCode}`);
  await hypervisor.dispose();
}
