import { registerHooks } from 'node:module';

/* For `node --import`: nothing of OpenTelemetry is there but its API, which the library of metrics loads. */
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (/^@opentelemetry\/(?!api$)/.test(specifier)) throw new Error(`${specifier} is not there.`);
    return nextResolve(specifier, context);
  },
});
