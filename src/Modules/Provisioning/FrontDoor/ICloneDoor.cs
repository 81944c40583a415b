using CloneHub.Contracts;

namespace CloneHub.Provisioning.FrontDoor;

/// <summary>Where the public door leads to. The back end knows which clones the public may reach, and how.</summary>
internal interface ICloneDoor
{
    /// <summary>What follows the job id in a clone's host name: <c>.localhost</c>.</summary>
    string HostSuffix { get; }

    /// <summary>Whether an address leads to the clone of some job.</summary>
    bool Leads(Uri address);

    /// <summary>Carries requests to clones.</summary>
    HttpMessageInvoker Invoker { get; }

    /// <summary>Address that answers for the clone; null if its route is not open.</summary>
    string? DestinationOf(JobId job);

    /// <summary>What a visitor of an open clone asks for is there, if it is a file that comes only when somebody wants it.</summary>
    /// <param name="path">Of the address, without escapes.</param>
    /// <returns>False if the file is awaited and cannot be had now.</returns>
    Task<bool> BringAsync(JobId job, string path, CancellationToken visitor);
}
