using CloneHub.Chaos.Worlds;
using CloneHub.Contracts;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Steps;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CloneHub.Chaos.Faults;

/// <summary>Faults of the back end and of who works with it.</summary>
internal static class BrokenSteps
{
    private delegate Task<StepFacts> Attempt(StepToken token);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("FinishesFalsely", "A step is reported as done that did nothing.", [Rules.NoStepWithoutEffect], Each(CloneStep.StartPod, (token, _) => Task.FromResult(LedgerStep.FactsOf(token.Job)))),
        new("RemovesNothing", "A removal is reported as done and leaves everything there.", [Rules.NothingLeft, Rules.NothingSwept], Each(CloneStep.Remove, (_, _) => Task.FromResult(StepFacts.None))),
        new("ActsWithoutOrder", "A step works under a fence that no order was written down for.", [Rules.NoEffectWithoutOrder], Each(null, (token, go) => go(token with { Fence = token.Fence + 1 }))),
        new("ForgetsItsTimer", "A step is done twice at once, as by a second timer.", [Rules.NoEffectTwice], Each(CloneStep.OpenIngress, DoAgainAsync)),
        new("DropsTheFence", "The back end takes orders of attempts that were overtaken.", [Rules.NothingSwept, Rules.NothingLeft], services =>
        {
            services.Replace(ServiceDescriptor.Singleton(provider => Ledger.Open(ChaosNode.Settings(provider)["Ledger"]!, Ledger.WithoutFence)));
            Each(null, SendMoreAsync)(services);
        }, Customers: new Habits { Changing = 1, Leaving = 0 }),
    ];

    /// <param name="only">The step that is broken; null for all.</param>
    private static Action<IServiceCollection> Each(CloneStep? only, Func<StepToken, Attempt, Task<StepFacts>> run) => services =>
        services.Decorate<ICloneStep>((real, _) => only is { } kind && real.Kind != kind ? real : new Step(real, run));

    /// <summary>Both at once: what the second one did later would be refused as overtaken, by the fence of the step that follows.</summary>
    private static async Task<StepFacts> DoAgainAsync(StepToken token, Attempt go) => (await Task.WhenAll(go(token), go(token)))[0];

    /// <summary>Of what an attempt had sent when it was stopped, every other arrives late: of so many, one does.</summary>
    private static async Task<StepFacts> SendMoreAsync(StepToken token, Attempt go)
    {
        const int Sent = 5;
        for (var left = Sent; ; left--)
        {
            try
            {
                return await go(token);
            }
            catch (OperationCanceledException) when (left > 1)
            {
                // Stopped: the next one is stopped at once.
            }
        }
    }

    private sealed class Step(ICloneStep real, Func<StepToken, Attempt, Task<StepFacts>> run) : ICloneStep
    {
        public CloneStep Kind => real.Kind;

        public Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation) =>
            run(token, t => real.RunAsync(t, order, progress, cancellation));
    }
}
