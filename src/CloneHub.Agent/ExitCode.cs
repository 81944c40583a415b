namespace CloneHub.Agent;

/// <summary>How the program ends. Whoever reads its output learns more from the last line; these are for people and scripts.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The last line names the fault.</summary>
    public const int Failed = 1;

    /// <summary>No such command (EX_USAGE).</summary>
    public const int Usage = 64;

    /// <summary>The document on standard input is cut off, too long or not what the command takes (EX_DATAERR).</summary>
    public const int Document = 65;
}
