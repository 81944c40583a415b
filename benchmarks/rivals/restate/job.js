// Five steps that do nothing, each a durable one of its own; requests come to Restate's ingress, which answers a "send" with 202 once it is durable.
import * as restate from '@restatedev/restate-sdk';

// The SDK asks for it, and Node 20 does not have it yet.
Promise.withResolvers ??= function () {
  const made = {};
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

const job = restate.service({
  name: 'job',
  handlers: {
    run: async (context) => {
      for (let step = 1; step <= 5; step++) await context.run(`step ${step}`, () => step);
      return { status: 'completed' };
    },
  },
});

restate.serve({ services: [job], port: Number(process.env.PORT) });
