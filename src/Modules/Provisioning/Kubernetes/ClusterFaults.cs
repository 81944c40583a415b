using System.Net;
using System.Net.WebSockets;
using CloneHub.Contracts;
using k8s.Autorest;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>What the API server's refusals mean for a job.</summary>
internal static class ClusterFaults
{
    private const string Waiting = "It is tried again for some minutes; nothing needs to be done.";

    public static StepFault Of(HttpOperationException refused) => refused.Response?.StatusCode switch
    {
        HttpStatusCode.Forbidden when Says(refused, "exceeded quota") => QuotaExceeded,

        // A namespace that goes takes nothing new; one that is gone is not found.
        HttpStatusCode.Forbidden when Says(refused, "being terminated") => NamespaceGone,
        HttpStatusCode.NotFound when Says(refused, "namespaces \\\"") => NamespaceGone,
        HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => Forbidden,
        HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError or null => Away,
        var status => new StepFault(
            StepFault.BackendUnavailable, $"The cluster refused what it was asked for ({(int)status}).", "It is tried again; if it stays, report the job id.", Retryable: true),
    };

    private static bool Says(HttpOperationException refused, string words) => refused.Response.Content?.Contains(words, StringComparison.Ordinal) == true;

    public static StepFault Of(WebSocketException refused) => refused.Message.Contains("403", StringComparison.Ordinal) ? Forbidden : Away;

    public static StepFault QuotaExceeded { get; } = new(
        "QUOTA_EXCEEDED", "The cluster's quota for clones is used up.", "Remove clones that are no longer needed, or have the quota of the namespace raised.", Retryable: true);

    public static StepFault Away { get; } = new(StepFault.BackendUnavailable, "The API server of the cluster did not answer.", Waiting, Retryable: true);

    public static StepFault Contended { get; } = new(
        StepFault.BackendUnavailable, "The clone's anchor in the cluster is changed by others all the time.", Waiting, Retryable: true);

    public static StepFault InstanceLost { get; } = new(
        "CONTENT_LOST", "The pod that the job was given is another clone's, since the clones' database was set back.", "Request the clone again.", Retryable: false);

    private static StepFault NamespaceGone { get; } = new(
        StepFault.BackendUnavailable, "The namespace of the clones is being deleted, or does not exist.", "The operator has to make it again; the job waits for it some minutes.", Retryable: true);

    private static StepFault Forbidden { get; } = new(
        StepFault.BackendUnavailable, "CloneHub may not do in the cluster what a clone needs.", "Its role lacks something; the operator's log names it.", Retryable: true);
}
