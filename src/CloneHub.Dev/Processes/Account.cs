namespace CloneHub.Dev.Processes;

/// <summary>
/// The account a program runs as. PostgreSQL refuses to run as root and PHP should not, so a root caller steps down to the
/// service's own account; an ordinary caller can only be itself.
/// </summary>
internal sealed record Account(string? Name)
{
    public static readonly Account Self = new((string?)null);

    public static Account OfService(string name) => Environment.IsPrivilegedProcess ? new Account(name) : Self;

    public IReadOnlyList<string> Wrap(string program, IReadOnlyList<string> arguments) => Name is null
        ? [program, .. arguments]
        : ["setpriv", $"--reuid={Name}", $"--regid={Name}", "--init-groups", "--", program, .. arguments];

    /// <summary>Makes a folder that belongs to this account.</summary>
    public async Task<DirectoryInfo> CreateDirectoryAsync(string path, string mode, CancellationToken ct)
    {
        string[] owner = Name is null ? [] : ["-o", Name, "-g", Name];
        await Command.RunAsync("install", ["-d", "-m", mode, .. owner, path], ct);
        return new DirectoryInfo(path);
    }

    /// <summary>Hands files over to this account.</summary>
    public Task OwnAsync(string path, CancellationToken ct) => Name is null
        ? Task.CompletedTask
        : Command.RunAsync("chown", ["-R", $"{Name}:{Name}", path], ct);

    /// <summary>Writes a file only this account (and root) can read.</summary>
    public async Task WriteSecretAsync(string path, string text, CancellationToken ct)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        await using (var writer = new StreamWriter(path, options))
            await writer.WriteAsync(text.AsMemory(), ct);
        await OwnAsync(path, ct);
    }
}
