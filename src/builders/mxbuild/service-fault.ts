/**
 * An MxBuild in service mode that did something other than its documentation says. It says nothing of the project: a
 * build that meets one is done again without that process.
 */
export class ServiceFault extends Error {
  override readonly name = 'ServiceFault';
}
