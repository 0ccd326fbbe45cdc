export * from './bits';
export * from './strings';
