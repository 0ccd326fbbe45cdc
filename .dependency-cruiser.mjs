import { publicModules } from './scripts/lib/entries.mjs';

const TEST = '\\.(test|test\\.helper|test\\.util)\\.[jt]s$|/src/(testing|machine-tests)/|^packages/isa-testing/';
/** The folder of a package that holds what needs Node. */
const NODE = '^packages/[^/]+/(src|dist)/node/';
const sources = (names) => `^packages/(${names})/src/`;
const PORTABLE = sources(
  'core|jit|engine|softfloat|config|trace|vswitch|boards|acpi|pci|isa-(?!testing)[^/]+|asm-[^/]+|assembly|arch-[^/]+|vdev-[^/]+',
);
const DOORS = publicModules().map(({ folder, stem }) => `^packages/${folder}/(dist|src)/${stem}\\.`);
const packages = (names) => `^packages/(${names})/|^node_modules/@qvm/(${names})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment:
        'Files of a cycle cannot be read one after the other, nor changed without each other, be it of types alone.',
      from: { pathNot: TEST },
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-package',
      severity: 'error',
      comment: 'What a package imports stands in its package.json.',
      from: { path: '^packages/', pathNot: TEST },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], pathNot: '^packages/' },
    },
    {
      name: 'front-door-only',
      severity: 'error',
      comment: 'Another package is imported by its name, never by the path of one of its files.',
      from: { path: '^packages/([^/]+)/src/' },
      to: {
        path: '^packages/([^/]+)/',
        pathNot: ['^packages/$1/', ...DOORS],
      },
    },
    {
      name: 'portable',
      severity: 'error',
      comment: 'These packages run in browsers too: no Node module, but in the folder of an entry for Node.',
      from: { path: PORTABLE, pathNot: [TEST, NODE] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'portable-uses-no-node-entry',
      severity: 'error',
      comment: 'Nor what needs Node in its own package or in another.',
      from: { path: PORTABLE, pathNot: [TEST, NODE] },
      to: { path: NODE },
    },
    {
      name: 'portable-entry',
      severity: 'error',
      comment: 'The SDK for browsers leads to no file that needs Node.',
      from: { path: '^packages/sdk/src/browser\\.ts$' },
      to: { path: NODE, reachable: true },
    },
    {
      name: 'core-stands-alone',
      severity: 'error',
      comment: 'core knows no container, no architecture, no vdev, no other package of qvm.',
      from: { path: sources('core'), pathNot: TEST },
      to: { path: ['inversify', 'tsyringe', 'reflect-metadata', packages('(?!core/)[^/]+')] },
    },
    {
      name: 'leaves',
      severity: 'error',
      comment: 'jit, softfloat and assembly depend on no other package of qvm.',
      from: { path: '^packages/(jit|softfloat|assembly)/src/', pathNot: TEST },
      to: { path: packages('[^/]+'), pathNot: '^packages/$1/' },
    },
    {
      name: 'boards-know-core-only',
      severity: 'error',
      comment: 'A board names types and roles; it needs neither the vdevs nor the processors.',
      from: { path: sources('boards'), pathNot: TEST },
      to: { path: packages('[^/]+'), pathNot: [packages('boards'), packages('core')] },
    },
    {
      name: 'pci-knows-core-only',
      severity: 'error',
      comment: 'Vdevs use it, on any board.',
      from: { path: sources('pci'), pathNot: TEST },
      to: { path: packages('[^/]+'), pathNot: [packages('pci'), packages('core')] },
    },
    {
      name: 'acpi-knows-core-only',
      severity: 'error',
      comment: 'It makes tables of what vdevs and machines say of themselves.',
      from: { path: sources('acpi'), pathNot: TEST },
      to: { path: packages('[^/]+'), pathNot: [packages('acpi'), packages('core')] },
    },
    {
      name: 'config-knows-core-only',
      severity: 'error',
      comment: 'Of core it needs how options are declared.',
      from: { path: sources('config'), pathNot: TEST },
      to: { path: packages('[^/]+'), pathNot: [packages('config'), packages('core')] },
    },
    {
      name: 'arch-knows-no-vdev',
      severity: 'error',
      comment: "Interrupt lines and the guest-physical map join them. An architecture's own vdevs are part of it.",
      from: { path: sources('arch-[^/]+'), pathNot: TEST },
      to: { path: packages('vdev-[^/]+|sdk[^/]*|cli|guests|config|testing') },
    },
    {
      name: 'arch-knows-no-other-arch',
      severity: 'error',
      from: { path: '^packages/(?:isa|asm|arch)-(?!testing/)([^/]+)/src/', pathNot: TEST },
      to: { path: packages('(?:isa|asm|arch)-[^/]+'), pathNot: '-$1/' },
    },
    {
      name: 'instructions-know-no-machine',
      severity: 'error',
      comment: 'Instruction tables and assemblers are below the processors that use them.',
      from: { path: sources('(isa|asm)-[^/]+'), pathNot: TEST },
      to: { path: packages('core|engine|arch-[^/]+') },
    },
    {
      name: 'engine-knows-no-architecture',
      severity: 'error',
      comment: 'It runs what jit made of any instruction set, for a VM of core.',
      from: { path: sources('engine'), pathNot: TEST },
      to: { path: packages('[^/]+'), pathNot: ['^packages/engine/', packages('core|jit')] },
    },
    {
      name: 'vdev-knows-core-and-pci-only',
      severity: 'error',
      from: { path: '^packages/(vdev-[^/]+)/src/', pathNot: TEST },
      to: { path: packages('[^/]+'), pathNot: ['^packages/$1/', packages('core|pci')] },
    },
    {
      name: 'container-in-the-sdk-only',
      severity: 'error',
      comment: 'Composition belongs to the SDK; nothing that runs resolves from a container.',
      from: { path: '^packages/', pathNot: sources('sdk|sdk-tsyringe') },
      to: { path: 'node_modules/(inversify|@inversifyjs|tsyringe|reflect-metadata)/' },
    },
    {
      name: 'cli-uses-the-sdk',
      severity: 'error',
      from: { path: sources('cli'), pathNot: TEST },
      to: {
        path: packages('[^/]+'),
        pathNot: ['^packages/cli/', packages('sdk|config|guests|core|host|trace|vswitch')],
      },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^packages/', pathNot: [TEST, sources('testing')] },
      to: { path: packages('testing') },
    },
  ],
  options: {
    exclude: { path: ['/dist/.*\\.tsbuildinfo$', '^packages/[^/]+/(assembly|scripts|oracle)/'] },
    doNotFollow: { path: ['node_modules', '^packages/[^/]+/(dist|lib)/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    combinedDependencies: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default', 'node'] },
  },
};
