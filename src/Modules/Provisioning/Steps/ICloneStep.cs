using CloneHub.Contracts;

namespace CloneHub.Provisioning.Steps;

/// <summary>One kind of work on a clone. A repeat finds its own work and completes it.</summary>
internal interface ICloneStep
{
    CloneStep Kind { get; }

    Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation);
}

/// <summary>Opens the secrets of a job for a step that cannot do without.</summary>
internal static class JobVaultExtensions
{
    public static async Task<JobSecrets> RequireAsync(this IJobVault vault, JobId job, CancellationToken cancellation) =>
        await vault.OpenAsync(job, cancellation) ?? throw new StepFaultException(new StepFault(
            "INTERNAL", "The secrets of this job are no longer kept, so the step cannot be done.", "Request the clone again.", Retryable: false));
}
