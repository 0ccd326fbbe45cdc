/** The name of the architecture (`ArchitectureFacts.name`). @experimental */
export const ARCHITECTURE_NAME = 'x86_64';
