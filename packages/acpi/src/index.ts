export { buildAcpiTables, placeAcpiTables, type AcpiTables, type PlacedAcpiTables } from './acpi-tables.js';
export { AcpiTableContext } from './context.js';
export type { AcpiPlatform, AcpiProcessor } from './platform.js';
export { acpiLoaderFiles } from './table-loader.js';
