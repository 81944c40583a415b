using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Chaos.Worlds;

/// <summary>What clones are made of and in, and what customers do with it.</summary>
internal interface IWorld : IAsyncDisposable
{
    FastClock Clock { get; }

    Habits Habits { get; }

    /// <summary>Servers that the nodes need of this world beside Redis and PostgreSQL; they are broken like those.</summary>
    ServerKinds Needs { get; }

    /// <summary>The program that is a node, with its arguments.</summary>
    IReadOnlyList<string> Program(int port);

    /// <summary>Its settings on top of the usual ones, as environment variables.</summary>
    IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>What a customer asks for, as the body of the request.</summary>
    object Order(int number);

    /// <summary>What is wrong with a clone that was told to be completed; null if nothing is.</summary>
    Task<string?> FaultOfAsync(Answer completed);

    Task JudgeAsync(Verdict verdict, IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history);
}

/// <summary>How customers are, as shares of all.</summary>
internal sealed record Habits
{
    /// <summary>Ask a second time before the first answer is there.</summary>
    public double Hasty { get; init; } = 0.2;

    /// <summary>Do not come back to look.</summary>
    public double Leaving { get; init; } = 0.1;

    /// <summary>Do not want it any more before it is done.</summary>
    public double Changing { get; init; } = 0.2;

    /// <summary>Want it longer.</summary>
    public double Keeping { get; init; } = 0.15;

    /// <summary>Of their looks, those at several nodes at once.</summary>
    public double Comparing { get; init; } = 0.2;

    /// <summary>Whether they do away with a clone when they have seen it; otherwise they wait for its end.</summary>
    public bool TidyUp { get; init; }
}
