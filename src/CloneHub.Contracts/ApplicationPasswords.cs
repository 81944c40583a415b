namespace CloneHub.Contracts;

/// <summary>Has WordPress sites make application passwords, so that nobody needs to hand over the password of a person.</summary>
public interface IApplicationPasswords
{
    /// <summary>Logs in at the site, has it make a password of that name for the account, and logs out again. Takes a minute at most.</summary>
    Task<MadePassword> MakeAsync(Uri site, string username, Secret password, string name, CancellationToken cancellation);
}

/// <summary>One of the two is set.</summary>
/// <param name="Password">The site shows it this once.</param>
/// <param name="Fault">Why there is none.</param>
public sealed record MadePassword(Secret? Password, StepFault? Fault);
