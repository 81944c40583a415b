using System.Text.Json;

namespace CloneHub.Chaos;

/// <summary>What one onlooker sees of a job, and what they may not see: progress that falls, an end that is taken back.</summary>
internal sealed class JobWatch(string job)
{
    private static readonly string[] Order = ["pending", "running", "completed", "failed", "cancelled"];
    private int _progress;
    private string _status = Order[0];
    private bool _isRemoved;

    /// <summary>Nothing more will be seen of it. When a failed job's remains are gone its status does not say.</summary>
    public bool IsOver { get; private set; }

    public string Last { get; private set; } = "";

    /// <summary>What is wrong if the last look showed less progress than one before.</summary>
    public string? Fall { get; private set; }

    public IEnumerable<string> See(JsonElement body)
    {
        Last = body.ToString();
        var status = body.GetProperty("status").GetString()!;
        var progress = body.GetProperty("progress").GetInt32();
        var isRemoved = body.TryGetProperty("result", out var result) && result.ValueKind is JsonValueKind.Object && result.TryGetProperty("removed_at", out _);
        if (!Order.Contains(status)) yield return $"{job} has the unknown status {status}";
        if (Array.IndexOf(Order, _status) >= 2 && status != _status) yield return $"{job}: {_status} became {status}";
        if (_status == "running" && status == "pending") yield return $"{job}: running became pending";
        if (_isRemoved && !isRemoved) yield return $"{job}: removed, and then not any more";
        Fall = progress < _progress ? $"{job}: progress fell from {_progress} to {progress}" : null;
        (_status, _progress, _isRemoved) = (status, Math.Max(_progress, progress), isRemoved);
        IsOver = status is "cancelled" or "failed" || isRemoved;
    }
}
